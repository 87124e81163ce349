// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';

/**
 * Reads a reply as text, and no more of it than `maximumBytes`: a longer one is an error
 * (`PERI_TELEMETRY_UNAVAILABLE`), because half a reply would look like missing series.
 */
export async function readText(
  body: AsyncIterable<unknown>,
  maximumBytes: number,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) continue;
    length += chunk.byteLength;
    if (length > maximumBytes) {
      throw new PerihelionError(
        'PERI_TELEMETRY_UNAVAILABLE',
        `reply is longer than ${maximumBytes} bytes`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length).toString('utf8');
}
