// SPDX-License-Identifier: Apache-2.0

/** What an element may hold. Text is always text: markup is never parsed. */
export type Child = Node | string | number | undefined | false | readonly Child[];

/** Attributes; undefined and false leave one out, true writes an empty one. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

const SVG = 'http://www.w3.org/2000/svg';

/**
 * Makes an HTML element. Sizes that depend on data are given as `--name` attributes, which become
 * custom properties: the policy of the page allows no style attributes.
 */
export function h(name: string, attributes: Attributes = {}, ...children: Child[]): HTMLElement {
  const element = document.createElement(name);
  write(element, attributes);
  append(element, children);
  return element;
}

/** Makes an SVG element. */
export function s(name: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  const element = document.createElementNS(SVG, name);
  write(element, attributes);
  append(element, children);
  return element;
}

function write(element: HTMLElement | SVGElement, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith('--')) element.style.setProperty(name, String(value));
    else element.setAttribute(name, value === true ? '' : String(value));
  }
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === undefined || child === false) continue;
    if (Array.isArray(child)) append(element, child as readonly Child[]);
    else element.append(typeof child === 'number' ? String(child) : (child as Node | string));
  }
}

/** The element with that id, which the page has from the start. @throws Error without it */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page lacks #${id}`);
  return element;
}
