// SPDX-License-Identifier: Apache-2.0

/** Attributes that belong to whoever uses the page; a new rendering leaves them alone. */
const THEIRS: ReadonlySet<string> = new Set(['open']);

/**
 * Makes `target` hold what `next` holds, changing only what differs: focus, scroll positions, open
 * details and half-typed text survive a refresh. Elements are matched by `data-key` where they have
 * one, else by their place.
 */
export function morph(target: Element, next: Element): void {
  const keyed = new Map<string, Element>();
  for (const child of target.children) {
    const key = child.getAttribute('data-key');
    if (key !== null) keyed.set(key, child);
  }
  let place: ChildNode | null = target.firstChild;
  for (const wanted of [...next.childNodes]) {
    const match = matchOf(wanted, place, keyed);
    if (match === undefined) {
      target.insertBefore(wanted, place);
      continue;
    }
    if (match === place) place = match.nextSibling;
    else target.insertBefore(match, place);
    update(match, wanted);
  }
  while (place !== null) {
    const after: ChildNode | null = place.nextSibling;
    place.remove();
    place = after;
  }
}

function matchOf(
  wanted: ChildNode,
  place: ChildNode | null,
  keyed: ReadonlyMap<string, Element>,
): ChildNode | undefined {
  if (wanted instanceof Element) {
    const key = wanted.getAttribute('data-key');
    if (key !== null) {
      const known = keyed.get(key);
      return known?.tagName === wanted.tagName ? known : undefined;
    }
  }
  if (place?.nodeType !== wanted.nodeType) return undefined;
  if (!(wanted instanceof Element) || !(place instanceof Element)) return place;
  const free = place.getAttribute('data-key') === null;
  return free && place.tagName === wanted.tagName ? place : undefined;
}

function update(present: ChildNode, wanted: ChildNode): void {
  if (!(present instanceof Element) || !(wanted instanceof Element)) {
    if (present.nodeValue !== wanted.nodeValue) present.nodeValue = wanted.nodeValue;
    return;
  }
  takeAttributes(present, wanted);
  takeStyle(present, wanted);
  // What somebody types or has chosen is theirs.
  if (present instanceof HTMLInputElement || present instanceof HTMLSelectElement) {
    if (present instanceof HTMLSelectElement) morph(present, wanted);
    return;
  }
  morph(present, wanted);
}

function takeAttributes(present: Element, wanted: Element): void {
  for (const { name, value } of [...wanted.attributes]) {
    if (name === 'style' || THEIRS.has(name)) continue;
    if (present.getAttribute(name) !== value) present.setAttribute(name, value);
  }
  for (const { name } of [...present.attributes]) {
    if (name === 'style' || THEIRS.has(name)) continue;
    if (!wanted.hasAttribute(name)) present.removeAttribute(name);
  }
}

/** By properties, since the policy of the page refuses style attributes. */
function takeStyle(present: Element, wanted: Element): void {
  if (!('style' in present) || !('style' in wanted)) return;
  const [mine, theirs] = [present.style, wanted.style] as CSSStyleDeclaration[];
  if (mine === undefined || theirs === undefined) return;
  for (const name of [...theirs]) {
    const value = theirs.getPropertyValue(name);
    if (mine.getPropertyValue(name) !== value) mine.setProperty(name, value);
  }
  for (const name of [...mine]) if (theirs.getPropertyValue(name) === '') mine.removeProperty(name);
}
