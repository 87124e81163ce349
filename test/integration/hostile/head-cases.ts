// SPDX-License-Identifier: Apache-2.0
import { END, endless, plainScript, RESET, script } from './attack.ts';
import { BODY, drip, LENGTH, request, type Row, target, TYPE } from './raw-requests.ts';

const HELLO = Buffer.from('16030100c8010000c40303', 'hex');

/** What is wrong before a body begins. */
export const HEAD_ROWS: Readonly<Record<string, readonly Row[]>> = {
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
};
