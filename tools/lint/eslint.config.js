// The lint of the whole project. Beside typescript-eslint's strict rules it enforces the import
// table of docs/architecture.md: a room may import only what ROOMS lists, always through its
// `#room/` alias, and a relative import may never leave its room.
import { fileURLToPath } from 'node:url';
import tseslint from 'typescript-eslint';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Room -> rooms it may import. `#errors` (the error table) is open to all but the pure core. */
const ROOMS = {
  agent: [],
  reward: ['agent'],
  admission: ['agent', 'audit', 'cluster', 'tracing'],
  telemetry: [],
  cluster: [],
  learner: ['agent', 'reward', 'telemetry', 'cluster'],
  audit: ['agent'],
  certs: ['cluster'],
  simulator: [],
  dashboard: ['agent', 'reward', 'audit', 'telemetry', 'cluster'],
  tracing: [],
};
const ALL = [...Object.keys(ROOMS), 'settings', 'cli'];
const PURE = new Set(['agent', 'reward']);

/** Names that would bring a clock, randomness or I/O into the pure core. */
const IMPURE_GLOBALS = [
  'process',
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'performance',
  'console',
  'Buffer',
];

function roomRules(room, allowed) {
  const forbidden = ALL.filter((other) => other !== room && !allowed.includes(other));
  const patterns = [
    {
      group: forbidden.map((other) => `#${other}/*`),
      message: `src/${room} may import only: ${[room, ...allowed].join(', ')}.`,
    },
    {
      group: ['../*', '!../*.js'],
      message: 'Leave a room only through its #room/ alias.',
    },
  ];
  if (PURE.has(room)) {
    patterns.push({ group: ['node:*', '#errors'], message: `src/${room} is pure: no I/O.` });
  }
  const rules = { 'no-restricted-imports': ['error', { patterns }] };
  if (PURE.has(room)) {
    rules['no-restricted-globals'] = ['error', ...IMPURE_GLOBALS];
    rules['no-restricted-properties'] = [
      'error',
      { object: 'Math', property: 'random', message: 'Pass a generator in.' },
      { object: 'Date', property: 'now', message: 'Pass a clock in.' },
    ];
  }
  return { files: [`src/${room}/**/*.ts`], rules };
}

export default tseslint.config(
  { ignores: ['**/node_modules/**', '**/dist/**', '**/out/**', '**/*.js', '**/*.mjs'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { project: `${root}/tsconfig.json`, tsconfigRootDir: root },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            {
              from: 'package',
              package: 'node:test',
              name: ['test', 'it', 'describe', 'suite', 'before', 'after'],
            },
          ],
        },
      ],
      complexity: ['error', 12],
      'max-depth': ['error', 4],
      'max-params': ['error', 4],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    // The page runs in a browser: its own types, and its own console.
    files: ['src/dashboard/page/**/*.ts'],
    languageOptions: {
      parserOptions: { project: `${root}/src/dashboard/page/tsconfig.json`, tsconfigRootDir: root },
    },
  },
  {
    // Its tests hand functions over to the browser.
    files: ['test/integration-chromium/**/*.ts'],
    languageOptions: {
      parserOptions: {
        project: `${root}/test/integration-chromium/tsconfig.json`,
        tsconfigRootDir: root,
      },
    },
  },
  ...Object.entries(ROOMS).map(([room, allowed]) => roomRules(room, allowed)),
  {
    files: ['test/**/*.ts', 'tools/**/*.ts', 'bench/**/*.ts', 'certs/**/*.ts'],
    rules: {
      'no-console': 'off',
      complexity: 'off',
      'max-lines': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
    },
  },
);
