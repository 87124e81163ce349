// SPDX-License-Identifier: Apache-2.0
import type { Store } from './store.ts';

/** Which colours are used; `auto` follows the system. */
export type Theme = 'auto' | 'light' | 'dark';

const KEY = 'perihelion-theme';
const ORDER: readonly Theme[] = ['auto', 'light', 'dark'];

/** What was chosen last in this browser. */
export function storedTheme(store: Store): Theme {
  const stored = store.getItem(KEY);
  return ORDER.find((theme) => theme === stored) ?? 'auto';
}

/** The one after it. */
export function nextTheme(theme: Theme): Theme {
  return ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length] ?? 'auto';
}

/** Uses a theme from now on. */
export function useTheme(theme: Theme, store: Store): void {
  store.setItem(KEY, theme);
  document.documentElement.dataset['theme'] = theme;
}

/** What the button says. */
export function themeWords(theme: Theme): string {
  return { auto: 'Colours: system', light: 'Colours: light', dark: 'Colours: dark' }[theme];
}
