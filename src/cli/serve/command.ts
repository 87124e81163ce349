// SPDX-License-Identifier: Apache-2.0
import { randomBytes, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { pino } from 'pino';
import { InputError } from '#errors';
import { parseSettings, readSettingsFile } from '#settings/parse.ts';
import type { Settings } from '#settings/settings.ts';
import type { Command, FlagValues, Terminal } from '#cli/command/command.ts';
import { textFlag } from '#cli/command/flags.ts';
import { KUBE_FLAGS, kubeConfigOf } from '#cli/access/kube-access.ts';
import { startProduct } from './product.ts';

/** `perihelion serve`: the product in a cluster. */
export const serveCommand: Command = {
  name: 'serve',
  summary: 'Run the webhook, the learner, or both.',
  flags: {
    role: {
      type: 'string',
      placeholder: 'LIST',
      help: 'admission, learner, or both with a comma between (default: both).',
    },
    config: { type: 'string', placeholder: 'FILE', help: 'Settings in YAML.' },
    ...KUBE_FLAGS,
    'check-config': { type: 'boolean', help: 'Check the settings and exit.' },
  },
  examples: [
    'perihelion serve --role admission --config /etc/perihelion/settings.yaml',
    'perihelion serve --role admission,learner --kubeconfig ~/.kube/config',
  ],
  run: serve,
};

async function serve(flags: FlagValues, terminal: Terminal): Promise<number> {
  const settings = settingsOf(flags);
  if (flags['check-config'] === true) {
    terminal.stdout.write('the settings are usable\n');
    return 0;
  }
  const kubeConfig = kubeConfigOf(flags);
  const logger = pino({ level: settings.logLevel, base: { roles: settings.roles } });
  // From here on a signal counts: as the first process of a container there is no default for it.
  const ended = endOfService();
  const starting = startProduct(settings, {
    kubeConfig,
    now: () => Date.now(),
    elapsed: () => performance.now(),
    newId: () => randomUUID(),
    random: () => randomBytes(4).readUInt32LE() / 2 ** 32,
    logger,
    identity: `${terminal.env['POD_NAME'] ?? hostname()}_${randomBytes(4).toString('hex')}`,
    drive: 'timer',
  });
  const product = await Promise.race([starting, ended.then(() => undefined)]);
  if (product === undefined) {
    logger.info('gone before it was ready');
    process.exit(0);
  }
  const signal = await ended;
  logger.info({ signal }, 'going away');
  // A second signal means now.
  void endOfService().then(() => process.exit(1));
  await product.drain();
  logger.info('gone');
  return 0;
}

function settingsOf(flags: FlagValues): Settings {
  const file = textFlag(flags, 'config');
  const raw = file === undefined ? {} : readSettingsFile(file);
  const role = textFlag(flags, 'role');
  if (role === undefined) return parseSettings(raw);
  const roles = role.split(',').map((one) => one.trim());
  try {
    return parseSettings({ ...raw, roles });
  } catch (error) {
    if (error instanceof InputError && error.field.startsWith('roles')) {
      const expected = 'admission, learner, or both with a comma between';
      throw new InputError('PERI_SETTINGS_INVALID', '--role', role, expected);
    }
    throw error;
  }
}

function endOfService(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  return promise;
}
