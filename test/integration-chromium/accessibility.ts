// SPDX-License-Identifier: Apache-2.0
import type { Page } from 'playwright-core';

/** What is wrong with the structure of the page, one line each. */
export function structureProblems(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const problems: string[] = [];
    const all = <E extends Element>(selector: string): E[] => [
      ...document.querySelectorAll<E>(selector),
    ];
    for (const landmark of ['header', 'nav', 'main', 'footer']) {
      if (all(`body > ${landmark}, body > * > ${landmark}`).length === 0) {
        problems.push(`no <${landmark}>`);
      }
    }
    if (document.documentElement.lang === '') problems.push('no language');
    if (all('h1').length !== 1) problems.push('not exactly one h1');
    let level = 0;
    for (const heading of all<HTMLElement>('h1, h2, h3, h4, h5, h6')) {
      const next = Number(heading.tagName.slice(1));
      if (next > level + 1) problems.push(`h${next} after h${level}: ${heading.textContent}`);
      level = next;
    }
    for (const nav of all('nav'))
      if (!nav.hasAttribute('aria-label')) problems.push('an unnamed nav');
    for (const field of all<HTMLInputElement>('input, select, textarea')) {
      const labelled = field.labels !== null && field.labels.length > 0;
      if (!labelled && !field.hasAttribute('aria-label')) problems.push(`${field.id} has no label`);
    }
    for (const button of all('button, a[href], summary')) {
      if (button.textContent.trim() === '') problems.push(`an empty ${button.tagName}`);
    }
    for (const table of all<HTMLTableElement>('table')) {
      if (table.caption === null) problems.push('a table without a caption');
      for (const head of table.querySelectorAll('th')) {
        if (!head.hasAttribute('scope')) problems.push(`a th without scope: ${head.textContent}`);
      }
    }
    for (const picture of all('svg')) {
      const hidden = picture.getAttribute('aria-hidden') === 'true';
      const named = picture.getAttribute('role') === 'img' && picture.hasAttribute('aria-label');
      if (!hidden && !named) problems.push('a picture without a text alternative');
    }
    const ids = all('[id]').map(({ id }) => id);
    for (const id of ids)
      if (ids.indexOf(id) !== ids.lastIndexOf(id)) problems.push(`id ${id} twice`);
    for (const region of all<HTMLElement>('.wide')) {
      if (region.tabIndex !== 0) problems.push('a scrolling region without the keyboard');
    }
    return problems;
  });
}

/** Texts whose contrast with what is behind them is too low, by WCAG 2.2 (1.4.3). */
export function contrastProblems(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    type Colour = readonly [number, number, number, number];
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    if (canvas === null) throw new Error('no canvas');
    const colourOf = (text: string): Colour => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = text;
      canvas.fillRect(0, 0, 1, 1);
      const [red = 0, green = 0, blue = 0, alpha = 0] = canvas.getImageData(0, 0, 1, 1).data;
      return [red, green, blue, alpha / 255];
    };
    const over = (top: Colour, below: Colour): Colour => {
      const mix = (a: number, b: number): number => a * top[3] + b * (1 - top[3]);
      return [mix(top[0], below[0]), mix(top[1], below[1]), mix(top[2], below[2]), 1];
    };
    const behind = (element: Element): Colour => {
      const layers: Colour[] = [];
      for (let one: Element | null = element; one !== null; one = one.parentElement) {
        const colour = colourOf(getComputedStyle(one).backgroundColor);
        if (colour[3] > 0) layers.push(colour);
        if (colour[3] === 1) break;
      }
      return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255, 1] as Colour);
    };
    const luminance = ([red, green, blue]: Colour): number => {
      const [r = 0, g = 0, b = 0] = [red, green, blue].map((part) => {
        const share = part / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (a: Colour, b: Colour): number => {
      const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
      return (high + 0.05) / (low + 0.05);
    };
    const problems = new Set<string>();
    const dialog = document.querySelector('dialog[open]');
    const walker = document.createTreeWalker(dialog ?? document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement;
      const text = (node.nodeValue ?? '').trim();
      if (element === null || text === '' || !element.checkVisibility()) continue;
      if (element.closest('noscript, [disabled], .visually-hidden, option') !== null) continue;
      const style = getComputedStyle(element);
      const pixels = Number.parseFloat(style.fontSize);
      const large = pixels >= 24 || (pixels >= 18.66 && Number(style.fontWeight) >= 700);
      const paint = element instanceof SVGElement ? style.fill : style.color;
      const below = behind(element);
      const found = contrast(over(colourOf(paint), below), below);
      if (found < (large ? 3 : 4.5)) {
        problems.add(`${found.toFixed(2)}: "${text.slice(0, 40)}" (${element.tagName})`);
      }
    }
    return [...problems];
  });
}

/** Ids, addresses or words of what Tab reaches, in its order. */
export async function tabOrder(page: Page, steps: number): Promise<string[]> {
  const order: string[] = [];
  for (let step = 0; step < steps; step += 1) {
    await page.keyboard.press('Tab');
    order.push(
      await page.evaluate(() => {
        const element = document.activeElement;
        if (element === null || element === document.body) return 'body';
        return (
          element.getAttribute('href') ??
          (element.id !== '' ? `#${element.id}` : element.textContent.slice(0, 30))
        );
      }),
    );
  }
  return order;
}
