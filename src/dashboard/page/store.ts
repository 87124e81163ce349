// SPDX-License-Identifier: Apache-2.0

/** Short texts by name. */
export type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/**
 * A store of the browser. Where the reader lets no site keep anything, asking for it is an error:
 * then one that lasts as long as the page.
 */
export function storeOf(area: 'localStorage' | 'sessionStorage'): Store {
  try {
    return window[area];
  } catch {
    const texts = new Map<string, string>();
    return {
      getItem: (name) => texts.get(name) ?? null,
      setItem: (name, text) => void texts.set(name, text),
      removeItem: (name) => void texts.delete(name),
    };
  }
}
