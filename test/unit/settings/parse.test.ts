// SPDX-License-Identifier: Apache-2.0
import { InputError } from '#errors';
import { parseSettings, readSettingsFile } from '#settings/parse.ts';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';

function messageOf(raw: unknown): string {
  try {
    parseSettings(raw);
  } catch (error) {
    assert.ok(error instanceof InputError);
    assert.ok(!error.message.includes('\n'), 'one line');
    return error.message;
  }
  return 'accepted';
}

describe('parseSettings', () => {
  it('says what a number and a URL have to be', () => {
    assert.equal(
      messageOf({ webhook: { port: 80.5 } }),
      'webhook.port: found 80.5, expected a whole number',
    );
    assert.match(messageOf({ webhook: { port: NaN } }), /^webhook\.port: found NaN, expected /);
    const prometheus = (url: string) => ({
      telemetry: { backend: 'Prometheus', prometheus: { url } },
    });
    for (const url of ['x:9090', 'prometheus', 'ftp://x']) {
      assert.equal(
        messageOf(prometheus(url)),
        `telemetry.prometheus.url: found "${url}", expected a URL that begins with http:// or https://`,
      );
    }
    assert.match(messageOf({ tracing: { endpoint: 'otel:4318' } }), /expected a URL that begins/);
  });

  it('has a default for everything', () => {
    const settings = parseSettings({});
    assert.deepEqual(settings.roles, ['admission', 'learner']);
    assert.equal(settings.webhook.port, 10_250);
    assert.equal(settings.audit.path, '/var/log/perihelion/audit.jsonl');
  });

  it('takes port 0, which picks a free port', () => {
    assert.equal(parseSettings({ webhook: { port: 0 } }).webhook.port, 0);
  });

  const mistakes: [string, unknown, RegExp][] = [
    [
      'an unknown key',
      { webhook: { prot: 1 } },
      /^webhook\.prot: .*a known setting; did you mean port\?/,
    ],
    ['a wrong type', { webhook: { port: 'x' } }, /^webhook\.port: found "x", expected .*number/],
    [
      'a port that is too large',
      { webhook: { port: 70_000 } },
      /^webhook\.port: found 70000, .*at most 65535/,
    ],
    [
      'an unknown role',
      { roles: ['admision'] },
      /^roles\.0: found "admision", expected one of admission, learner/,
    ],
    ['no roles', { roles: [] }, /^roles: found \[\], expected at least 1/],
    [
      'Prometheus without its address',
      { telemetry: { backend: 'Prometheus' } },
      /^telemetry\.prometheus\.url: found nothing, expected the URL/,
    ],
    [
      'an address that is none',
      { telemetry: { backend: 'Prometheus', prometheus: { url: 'prom:9090x' } } },
      /^telemetry\.prometheus\.url: found "prom:9090x"/,
    ],
    [
      'a lease that is too short',
      { learner: { leaseDurationSeconds: 5 } },
      /^learner\.leaseDurationSeconds: found 5, expected more than `renewDeadlineSeconds`/,
    ],
    [
      'certificates from no files',
      { webhook: { certificates: 'Files' } },
      /^webhook\.files: found nothing, expected the files of the certificate/,
    ],
    [
      'an unknown kind of certificates',
      { webhook: { certificates: 'managed' } },
      /^webhook\.certificates: found "managed", expected one of Managed, Files/,
    ],
    [
      'client certificates of any name',
      { webhook: { clientAuthentication: { caFile: '/ca.crt', allowedNames: [] } } },
      /^webhook\.clientAuthentication\.allowedNames: found \[\], expected at least 1/,
    ],
    ['a list instead of settings', [], /^settings: found \[\]/],
    [
      'a bad name',
      { namespace: 'A_b' },
      /^namespace: found "A_b", expected a Kubernetes object name/,
    ],
  ];
  for (const [what, raw, expected] of mistakes) {
    it(`names the field of ${what}`, () => {
      assert.match(messageOf(raw), expected);
    });
  }
});

describe('readSettingsFile', () => {
  it('says which line is not YAML', () => {
    const folder = mkdtempSync(join(tmpdir(), 'perihelion-settings-'));
    try {
      const file = join(folder, 'settings.yaml');
      writeFileSync(file, 'webhook:\n  port: [1\n');
      assert.throws(() => readSettingsFile(file), /settings\.yaml:\d+: /);
      writeFileSync(file, '- a\n- b\n');
      assert.throws(() => readSettingsFile(file), /expected a mapping of settings/);
      const level = (name: string, from: string) => `${name}: &${name} [${from.repeat(20)}]\n`;
      writeFileSync(file, level('a', 'x,') + level('b', '*a,') + level('c', '*b,'));
      assert.throws(() => readSettingsFile(file), { code: 'PERI_SETTINGS_UNREADABLE' });
      writeFileSync(file, '');
      assert.deepEqual(readSettingsFile(file), {});
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says that a file is missing', () => {
    assert.throws(
      () => readSettingsFile('/nowhere/settings.yaml'),
      /--config: found "\/nowhere\/settings.yaml", expected a readable file \(ENOENT\)/,
    );
  });
});
