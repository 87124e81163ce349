// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bundle } from '../../../tools/build.ts';
import { call } from '../simulator/http.ts';
import { clusterOf, configure, folderOf, PODS, SYSTEM } from '../serve/process.ts';

const ENTRY = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const PATIENCE_MILLISECONDS = 60_000;
const NAMESPACES = ['--mount', '--map-root-user', '--propagation', 'private'];

/**
 * What a container runtime does for `readOnlyRootFilesystem`: every file system becomes read-only,
 * but for the one volume. It then says what it could still write to.
 */
const CONFINE = `
set -e
volume=$1; shift
mount --bind "$volume" "$volume"
for point in $(awk '{print $2}' /proc/self/mounts | sort -u); do
  case "$point" in /proc*|/sys*|/dev*|"$volume") continue ;; esac
  mount -o remount,ro,bind "$point"
done
for folder in / /tmp /var/tmp "$HOME" "$PWD" "$(dirname "$1")" "$(dirname "$2")"; do
  if touch "$folder/perihelion-can-write" 2>/dev/null; then echo "writable: $folder" >&2; exit 99; fi
done
touch "$volume/.writable" && rm "$volume/.writable"
exec "$@"
`;

const permitted = spawnSync('unshare', [...NAMESPACES, 'mount', '-o', 'remount,ro,bind', '/']);

test(
  'the bundle serves, rotates its audit log and ends with nothing but that volume to write to',
  { skip: permitted.status === 0 ? false : 'no mount namespace may be made here' },
  async (t) => {
    const cluster = await clusterOf(t);
    const folder = await folderOf(t);
    const volume = join(folder, 'volume');
    await mkdir(volume);
    const main = join(folder, 'perihelion.mjs');
    await bundle(ENTRY, main);
    const kubeconfig = join(folder, 'kubeconfig');
    const settings = join(folder, 'settings.yaml');
    await writeFile(kubeconfig, cluster.kubeconfig);
    await writeFile(
      settings,
      JSON.stringify({
        namespace: SYSTEM,
        webhook: { host: '127.0.0.1', port: 0, extraNames: ['127.0.0.1'] },
        operations: { host: '127.0.0.1', port: 0 },
        learner: { intervalSeconds: 1 },
        audit: { path: join(volume, 'audit.jsonl'), maximumFileBytes: 4096, keepFiles: 3 },
        drainSeconds: 0,
      }),
    );
    const child = spawn(
      'unshare',
      [
        ...NAMESPACES,
        ...['sh', '-c', CONFINE, 'confine', volume, process.execPath, main, 'serve'],
        ...['--role', 'admission,learner', '--config', settings, '--kubeconfig', kubeconfig],
      ],
      { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    t.after(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    const until = async <T>(what: string, ask: () => T | undefined | Promise<T | undefined>) => {
      const deadline = performance.now() + PATIENCE_MILLISECONDS;
      for (;;) {
        const answer = await ask();
        if (answer !== undefined) return answer;
        assert.equal(child.exitCode, null, text);
        assert.ok(performance.now() < deadline, `${what}: ${text}`);
        await sleep(50);
      }
    };
    const portOf = (message: string) =>
      until(message, () => new RegExp(`"port":(\\d+),"msg":"${message}"`).exec(text)?.[1]);

    await configure(cluster, Number(await portOf('the webhook listens')));
    const port = await portOf('probes and metrics listen');
    await until('ready', async () =>
      (await fetch(`http://127.0.0.1:${port}/readyz`)).ok ? true : undefined,
    );
    for (let index = 0; index < 8; index += 1) {
      const body = {
        metadata: { name: `confined-${index}` },
        spec: { containers: [{ name: 'c', image: 'c' }] },
      };
      const made = await call(cluster.url, 'POST', PODS, { body });
      assert.match(JSON.stringify(made.body), /perihelion\.dev\/decision-id/);
    }
    await until('a rotated audit log', async () =>
      (await readdir(volume)).length > 1 ? true : undefined,
    );
    child.kill('SIGTERM');
    assert.equal(await ended, 0, text);
    assert.doesNotMatch(text, /EROFS|read-only/i);
    const files = await readdir(volume);
    const lines = await Promise.all(files.map((file) => readFile(join(volume, file), 'utf8')));
    assert.match(lines.join(''), /"name":"confined-7"/);
    // The Secret was made, so certificates did without a file as well.
    const secret = await call(
      cluster.url,
      'GET',
      `/api/v1/namespaces/${SYSTEM}/secrets/perihelion-webhook`,
    );
    assert.ok(JSON.stringify(secret.body).includes('decision-key'));
  },
);
