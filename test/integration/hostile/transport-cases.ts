// SPDX-License-Identifier: Apache-2.0
import { BODY_LIMIT_BYTES } from '#admission/body.ts';
import { rawPod, reviewOf } from '../../unit/admission/world.ts';
import {
  END,
  endless,
  plainScript,
  post,
  RESET,
  script,
  type HostileCase,
  type Step,
} from './attack.ts';

/** A review as a request body, and its length in bytes. */
const BODY = JSON.stringify(reviewOf(rawPod()));
const LENGTH = String(BODY.length);

/** A request with `Connection: close`, so that its answer ends the connection. */
function request(
  parts: {
    readonly line?: string;
    readonly headers?: readonly string[];
    readonly body?: string;
    readonly keep?: boolean;
  } = {},
): string {
  const {
    line = 'POST /mutate HTTP/1.1',
    headers = [`Content-Length: ${LENGTH}`, 'Content-Type: application/json'],
    body = BODY,
    keep = false,
  } = parts;
  const all = [line, 'Host: x', ...headers, ...(keep ? [] : ['Connection: close'])];
  return `${all.join('\r\n')}\r\n\r\n${body}`;
}

/** The review that a slow row gets answered, told from all others in the audit file. */
export const SLOW_UID = 'slow';
const SLOW_BODY = JSON.stringify(reviewOf(rawPod(), { uid: SLOW_UID }));

const TYPE = 'Content-Type: application/json';
const CHUNKED = [TYPE, 'Transfer-Encoding: chunked'];

function chunk(text: string, extension = ''): string {
  return `${text.length.toString(16)}${extension}\r\n${text}\r\n`;
}

/** A chunked request with any text in place of the chunks. */
function chunks(text: string): string {
  return request({ headers: CHUNKED, body: text });
}

/** The same request line with another target, without a body. */
function target(path: string, method = 'POST'): string {
  return request({ line: `${method} ${path} HTTP/1.1` });
}

/** Slowly, one piece after the other, and never to the end. */
function drip(text: string, pieces: number): Step[] {
  return Array.from({ length: pieces }, (_, index) => [
    text[index % text.length] ?? 'x',
    500,
  ]).flat();
}

type Row = readonly [
  name: string,
  attack: HostileCase['attack'],
  expected: HostileCase['expected'],
  extra?: Partial<HostileCase>,
];

const HELLO = Buffer.from('16030100c8010000c40303', 'hex');

const ROWS: Readonly<Record<string, readonly Row[]>> = {
  'no TLS': [
    ['plain HTTP on the TLS port', plainScript(request()), 'closed'],
    ['random bytes', plainScript(Buffer.from('deadbeef00ff7f8081', 'hex'), END), 'closed'],
    ['a ClientHello cut short', plainScript(HELLO, END), 'closed'],
    ['a ClientHello, then noise', plainScript(HELLO, Buffer.alloc(400, 0xaa)), 'closed'],
    [
      'a record of an impossible length',
      plainScript(Buffer.from('160301ffff', 'hex'), Buffer.alloc(70_000)),
      'closed',
    ],
    [
      'an SSLv2 hello',
      plainScript(Buffer.from('802e010002001500000010', 'hex'), Buffer.alloc(64), END),
      'closed',
    ],
    ['a TLS alert first', plainScript(Buffer.from('15030300020228', 'hex')), 'closed'],
    ['SSH', plainScript('SSH-2.0-OpenSSH_9.9\r\n'), 'closed'],
    ['a connection reset at once', plainScript(RESET), 'closed'],
    ['a TCP connection that says nothing', plainScript(), 'closed', { slow: true }],
    [
      'a TLS handshake of one byte a second',
      plainScript(...drip(HELLO.toString('latin1'), 60)),
      'closed',
      { slow: true },
    ],
  ],
  'request line': [
    [
      'the HTTP/2 preface',
      script('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', Buffer.from('000000040000000000', 'hex')),
      'closed 400',
    ],
    ['nothing at all', script(END), 'closed'],
    ['empty lines only', script('\r\n'.repeat(100), END), ['closed', 'closed 400']],
    ['HTTP/3.0', script('POST /mutate HTTP/3.0\r\nHost: x\r\n\r\n'), 'closed 400'],
    ['HTTP/0.9', script('GET /mutate\r\n'), 'closed 408', { slow: true }],
    ['HTTP/1.0', script(request({ line: 'POST /mutate HTTP/1.0' })), 'review'],
    ['a method in lower case', script(request({ line: 'post /mutate HTTP/1.1' })), 'closed 400'],
    ['a method that does not exist', script(target('/mutate', 'BREW')), 'closed 400'],
    ['CONNECT', script(target('example.com:443', 'CONNECT')), 'closed'],
    ['TRACE', script(target('/mutate', 'TRACE')), ['405', 'closed 400']],
    ['HEAD', script(target('/mutate', 'HEAD')), '405'],
    ['GET', script(target('/mutate', 'GET')), '405'],
    ['PUT', script(target('/mutate', 'PUT')), '405'],
    ['PATCH', script(target('/mutate', 'PATCH')), '405'],
    ['OPTIONS *', script(target('*', 'OPTIONS')), '404'],
    ['another path', script(target('/validate')), '404'],
    ['the path of the probes', script(target('/metrics', 'GET')), '404'],
    ['two slashes', script(target('//mutate')), '404'],
    ['a way up', script(target('/../../etc/passwd')), '404'],
    ['an escaped NUL', script(target('/mutate%00')), '404'],
    ['a path that does not decode', script(target('/%c0%ae')), ['400', '404']],
    ['a path of 10,000 characters', script(target(`/${'a'.repeat(10_000)}`)), '404'],
    [
      'a path of 20,000 characters',
      script(target(`/${'a'.repeat(20_000)}`)),
      ['closed 431', 'closed'],
    ],
    ['an absolute target', script(target('https://elsewhere/mutate')), 'review'],
    ['a target with a blank', script(target('/mutate /x')), 'closed 400'],
    [
      'a target of raw bytes',
      script(Buffer.from('POST /\x80\xff HTTP/1.1\r\nHost: x\r\n\r\n', 'latin1')),
      ['closed 400', '404'],
    ],
    ['a time-out of nothing', script(target('/mutate?timeout=')), 'review'],
    ['a time-out below zero', script(target('/mutate?timeout=-1s')), 'review'],
    [
      'a time-out beyond all bounds',
      script(target('/mutate?timeout=99999999999999999999s')),
      'review',
    ],
    [
      'a time-out that is named `constructor`',
      script(target('/mutate?__proto__[timeout]=0s&constructor=1')),
      'review',
    ],
    ['a query that does not decode', script(target('/mutate?%zz=%&timeout=2s')), 'review'],
  ],
  headers: [
    [
      'no Host',
      script(`POST /mutate HTTP/1.1\r\n${TYPE}\r\nContent-Length: ${LENGTH}\r\n\r\n${BODY}`),
      'closed 400',
    ],
    [
      'a NUL in a header',
      script('POST /mutate HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\n\r\n'),
      'closed 400',
    ],
    ['a header without a colon', script('POST /mutate HTTP/1.1\r\nHost x\r\n\r\n'), 'closed 400'],
    ['a blank before the colon', script('POST /mutate HTTP/1.1\r\nHost : x\r\n\r\n'), 'closed 400'],
    [
      'a folded header',
      script('POST /mutate HTTP/1.1\r\nHost: x\r\nX-A: a\r\n b\r\n\r\n'),
      'closed 400',
    ],
    ['bare line feeds', script('POST /mutate HTTP/1.1\nHost: x\n\n'), 'closed 400'],
    [
      'a bare carriage return',
      script('POST /mutate HTTP/1.1\r\nHost: x\rX-A: a\r\n\r\n'),
      'closed 400',
    ],
    [
      'headers of 20,000 bytes',
      script(request({ headers: [`X-A: ${'a'.repeat(20_000)}`], body: '' })),
      ['closed 431', 'closed'],
    ],
    [
      'a header name of 20,000 bytes',
      script(request({ headers: [`${'a'.repeat(20_000)}: a`], body: '' })),
      ['closed 431', 'closed'],
    ],
    [
      'two thousand headers',
      script(
        request({
          headers: Array.from({ length: 2000 }, (_, index) => `x${String(index)}: y`),
          body: '',
        }),
      ),
      ['closed 431', 'closed'],
    ],
    [
      'headers without end',
      endless(
        'POST /mutate HTTP/1.1\r\nHost: x\r\n',
        'X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n'.repeat(100),
      ),
      ['closed 431', 'closed'],
    ],
    [
      'a header `__proto__`',
      script(
        request({ headers: ['__proto__: x', 'constructor: y', TYPE, `Content-Length: ${LENGTH}`] }),
      ),
      'review',
    ],
    ['no content type', script(request({ headers: [`Content-Length: ${LENGTH}`] })), '415'],
    [
      'two content types',
      script(request({ headers: ['Content-Type: text/html', TYPE, `Content-Length: ${LENGTH}`] })),
      '415',
    ],
    [
      'a content type of 10,000 characters',
      script(
        request({ headers: [`Content-Type: ${'a'.repeat(10_000)}`, `Content-Length: ${LENGTH}`] }),
      ),
      '415',
    ],
    [
      'an encoded body',
      script(request({ headers: [TYPE, 'Content-Encoding: gzip', `Content-Length: ${LENGTH}`] })),
      '415',
    ],
    [
      'an expectation that is met',
      script(request({ headers: [TYPE, 'Expect: 100-continue', `Content-Length: ${LENGTH}`] })),
      'continue,review',
    ],
    [
      'an expectation that nobody knows',
      script(request({ headers: [TYPE, 'Expect: miracles', `Content-Length: ${LENGTH}`] })),
      'review',
    ],
    [
      'an upgrade to WebSocket',
      script(
        request({ headers: [TYPE, 'Upgrade: websocket', `Content-Length: ${LENGTH}`] }).replace(
          'Connection: close',
          'Connection: Upgrade, close',
        ),
      ),
      'review',
    ],
    [
      'an upgrade to h2c',
      script(
        request({
          headers: [
            TYPE,
            'Upgrade: h2c',
            'HTTP2-Settings: AAMAAABkAAQAAP__',
            `Content-Length: ${LENGTH}`,
          ],
        }),
      ),
      'review',
    ],
  ],
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

/** What is wrong before a body is looked at. */
export const TRANSPORT_CASES: readonly HostileCase[] = Object.entries(ROWS).flatMap(
  ([group, rows]) =>
    rows.map(([name, attack, expected, extra = {}]) => ({
      group,
      name,
      attack,
      expected,
      ...extra,
    })),
);
