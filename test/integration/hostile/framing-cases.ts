// SPDX-License-Identifier: Apache-2.0
import { BODY_LIMIT_BYTES } from '#admission/server/body.ts';
import { rawPod, reviewOf } from '../../unit/admission/world.ts';
import { END, endless, post, RESET, script } from './attack.ts';
import {
  BODY,
  chunk,
  CHUNKED,
  chunks,
  drip,
  LENGTH,
  request,
  type Row,
  SLOW_BODY,
  target,
  TYPE,
} from './raw-requests.ts';

/** Where a body begins and ends, and how slowly it comes. */
export const FRAMING_ROWS: Readonly<Record<string, readonly Row[]>> = {
  length: [
    [
      'two lengths that differ',
      script(request({ headers: [TYPE, 'Content-Length: 5', `Content-Length: ${LENGTH}`] })),
      'closed 400',
    ],
    [
      'a length and chunks',
      script(
        request({
          headers: [...CHUNKED, `Content-Length: ${LENGTH}`],
          body: `${chunk(BODY)}0\r\n\r\n`,
        }),
      ),
      'closed 400',
    ],
    [
      'a length below zero',
      script(request({ headers: [TYPE, 'Content-Length: -1'] })),
      'closed 400',
    ],
    [
      'a signed length',
      script(request({ headers: [TYPE, `Content-Length: +${LENGTH}`] })),
      'closed 400',
    ],
    [
      'a length in hexadecimal',
      script(request({ headers: [TYPE, 'Content-Length: 0x10'] })),
      'closed 400',
    ],
    [
      'a length beyond 64 bits',
      script(request({ headers: [TYPE, `Content-Length: ${'9'.repeat(30)}`] })),
      'closed 400',
    ],
    [
      'a length over the limit',
      script(
        request({ headers: [TYPE, `Content-Length: ${String(BODY_LIMIT_BYTES + 1)}`], body: '{' }),
      ),
      '413',
    ],
    ['no length and no body', script(request({ headers: [TYPE], body: '' })), '400'],
    [
      'a length that ends within the body',
      script(request({ headers: [TYPE, 'Content-Length: 20'], keep: true })),
      ['400,closed 400', '400', 'closed 400'],
    ],
    [
      'a length that the body never reaches',
      script(request({ headers: [TYPE, 'Content-Length: 9999'] }), END),
      ['closed 400', 'closed', '400'],
      { unread: true },
    ],
  ],
  chunks: [
    [
      'one byte to a chunk',
      script(
        chunks(
          `${BODY.split('')
            .map((one) => chunk(one))
            .join('')}0\r\n\r\n`,
        ),
      ),
      'review',
    ],
    ['trailers', script(chunks(`${chunk(BODY)}0\r\nX-After: 1\r\n\r\n`)), 'review'],
    [
      'trailers without end',
      endless(chunks(`${chunk(BODY)}0\r\n`), 'X-A: aaaaaaaaaaaaaaaaaaaaaa\r\n'.repeat(100)),
      ['closed 431', 'closed', 'closed 400', '400'],
    ],
    ['an extension', script(chunks(`${chunk(BODY, ';a=b')}0\r\n\r\n`)), 'review'],
    [
      'an extension without end',
      endless(chunks('5;'), 'a'.repeat(10_000)),
      ['closed 413', 'closed', '400'],
    ],
    ['a size that is no number', script(chunks(`xyz\r\n${BODY}`)), ['closed 400', '400']],
    ['a size below zero', script(chunks(`-5\r\n${BODY}`)), ['closed 400', '400']],
    [
      'a size beyond 64 bits',
      script(chunks(`${'f'.repeat(20)}\r\n${BODY}`)),
      ['closed 400', '400'],
    ],
    [
      'a chunk longer than it says',
      script(chunks(`5\r\n${BODY}\r\n0\r\n\r\n`)),
      ['closed 400', '400'],
    ],
    [
      'no last chunk',
      script(chunks(chunk(BODY)), END),
      ['closed 400', 'closed', '400'],
      { unread: true },
    ],
    ['an empty body in chunks', script(chunks('0\r\n\r\n')), '400'],
    [
      'gzip, then chunks',
      script(
        request({
          headers: [TYPE, 'Transfer-Encoding: gzip, chunked'],
          body: `${chunk('\x1f\x8b\b')}0\r\n\r\n`,
        }),
      ),
      ['closed 400', '400'],
    ],
    [
      'chunks, then gzip',
      script(
        request({
          headers: [TYPE, 'Transfer-Encoding: chunked, gzip'],
          body: `${chunk(BODY)}0\r\n\r\n`,
        }),
      ),
      'closed 400',
    ],
    [
      'an encoding that nobody knows',
      script(request({ headers: [TYPE, 'Transfer-Encoding: xchunked'], body: BODY })),
      'closed 400',
    ],
    [
      'a body without end',
      endless(request({ headers: CHUNKED, body: '' }), chunk(' '.repeat(65_536))),
      ['413', 'closed'],
    ],
  ],
  'several requests': [
    ['fifty in one write', script(request({ keep: true }).repeat(49) + request()), 'review x50'],
    [
      'an ordinary one, then garbage',
      script(`${request({ keep: true })}garbage\r\n\r\n`),
      ['review,closed 400', 'closed 400'],
      { unread: true },
    ],
    [
      'a smuggled one in a body that is not read',
      script(
        request({
          headers: ['Content-Type: text/plain', `Content-Length: ${LENGTH}`],
          body: target('/metrics', 'GET'),
        }),
      ),
      '415',
    ],
    [
      'two hundred, and no answer is read',
      script(request({ keep: true }).repeat(200), RESET),
      'closed',
      { unread: true },
    ],
    [
      'one, then the half-close',
      script(request({ keep: true }), END),
      ['review', 'closed'],
      { unread: true },
    ],
    [
      'the half-close within the headers',
      script('POST /mutate HTTP/1.1\r\nHo', END),
      ['closed 400', 'closed'],
    ],
    ['a reset within the body', script(request().slice(0, -100), RESET), 'closed'],
    [
      'a second one while the first is being sent',
      script(
        request({ keep: true, headers: [TYPE, `Content-Length: ${String(BODY.length + 5)}`] }) +
          target('/x', 'GET'),
        50,
        request(),
      ),
      ['400,closed 400', '400', 'closed 400'],
    ],
  ],
  slowness: [
    ['a TLS connection that says nothing', script(), ['closed 408', 'closed'], { slow: true }],
    [
      'headers that never end',
      script('POST /mutate HTTP/1.1\r\nHost: x\r\n'),
      'closed 408',
      { slow: true },
    ],
    [
      'headers of one byte each half second',
      script('POST /mutate HTTP/1.1\r\nX-A: ', ...drip('a', 40)),
      'closed 408',
      { slow: true },
    ],
    [
      'a body that never comes',
      script(request({ body: '' })),
      ['closed 408', '400'],
      { slow: true },
    ],
    [
      'a body of one byte each half second',
      script(request({ body: '' }), ...drip(BODY, 45)),
      ['closed 408', '400'],
      { slow: true },
    ],
    [
      'chunks of one byte each half second',
      script(chunks(''), ...drip('1\r\n \r\n', 45)),
      ['closed 408', '400'],
      { slow: true },
    ],
    [
      'a second request that never ends',
      script(
        request({
          keep: true,
          headers: [TYPE, `Content-Length: ${String(SLOW_BODY.length)}`],
          body: SLOW_BODY,
        }),
        200,
        'POST /mutate HTTP/1.1\r\n',
      ),
      'review,closed 408',
      { slow: true },
    ],
  ],
  'body over the wire': [
    [
      '2.9 MiB are answered',
      post(
        JSON.stringify(
          reviewOf(rawPod({}, { annotations: { note: 'n' } }), {
            uid: 'big',
            oldObject: null,
            padding: 'x'.repeat(Math.floor(2.9 * 2 ** 20)),
          }),
        ),
      ),
      'review',
      { line: 'injected/greedy' },
    ],
    [
      '7 MiB are too much',
      script(
        request({
          headers: [TYPE, `Content-Length: ${String(7 * 2 ** 20 + BODY.length)}`],
          body: ' '.repeat(7 * 2 ** 20) + BODY,
        }),
      ),
      ['413', 'closed'],
    ],
    [
      '7 MiB in chunks are too much',
      script(chunks(chunk(' '.repeat(7 * 2 ** 20)) + chunk(BODY) + '0\r\n\r\n')),
      ['413', 'closed'],
    ],
    [
      'two objects of 2.9 MiB are answered',
      post(
        JSON.stringify(
          reviewOf(rawPod({}, {}), {
            operation: 'UPDATE',
            object: { spec: 'x'.repeat(Math.floor(2.9 * 2 ** 20)) },
            oldObject: { spec: 'x'.repeat(Math.floor(2.9 * 2 ** 20)) },
          }),
        ),
      ),
      'review',
      { line: 'skipped/not-create' },
    ],
  ],
};
