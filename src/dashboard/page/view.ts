// SPDX-License-Identifier: Apache-2.0
import type { StreamEvents } from '#dashboard/api/api-stream.ts';
import type { Part } from '#dashboard/api/api.ts';
import type { Client } from './client.ts';

/** What a view is given. */
export interface Context {
  readonly client: Client;
  /** What stands behind the name of the view in the address. */
  rest(): readonly string[];
  /** Width that charts have, pixels. */
  width(): number;
  /** Draws the view again. */
  redraw(): void;
  /** Loads it again, then draws it. */
  reload(): void;
  /** Goes to another address of the page. */
  go(hash: string): void;
}

/** One of the page's views. */
export interface View {
  readonly id: string;
  readonly title: string;
  /** Parts whose news make it load again. */
  readonly parts: readonly Part[];
  /** Asks for what it shows. @param rest what stands behind its name in the address */
  load(context: Context, rest: readonly string[]): Promise<void>;
  render(context: Context): Node[];
  /** What buttons and fields marked `data-do` do. */
  readonly actions?: Readonly<Record<string, (context: Context, element: HTMLElement) => void>>;
  onDecisions?(context: Context, news: StreamEvents['decisions']): void;
}
