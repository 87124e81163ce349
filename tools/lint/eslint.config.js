// The lint of the whole project. Beside typescript-eslint's strict rules it enforces the import
// table of docs/architecture.md (`rooms.js`): a room may import only what is listed there, always
// through the `#room/` alias, and a relative import may never leave its folder.
import { fileURLToPath } from 'node:url';
import tseslint from 'typescript-eslint';
import { FOLDERS, PURE, restrictions, ROOMS, SHELL, shellRestrictions } from './rooms.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

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

/** The rules of a room, or of one folder in it. */
function roomRules(room, folder) {
  const rules = {
    'no-restricted-imports': [
      'error',
      {
        patterns: SHELL.includes(room)
          ? shellRestrictions(room, folder)
          : restrictions(room, folder),
      },
    ],
  };
  if (PURE.includes(room)) {
    rules['no-restricted-globals'] = ['error', ...IMPURE_GLOBALS];
    rules['no-restricted-properties'] = [
      'error',
      { object: 'Math', property: 'random', message: 'Pass a generator in.' },
      { object: 'Date', property: 'now', message: 'Pass a clock in.' },
    ];
  }
  const path = folder === undefined ? room : `${room}/${folder}`;
  return { files: [`src/${path}/**/*.ts`], rules };
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
  {
    files: ['src/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: shellRestrictions() }] },
  },
  ...[...Object.keys(ROOMS), ...SHELL].map((room) => roomRules(room, undefined)),
  // After the rooms: the rules of a folder take the place of those of its room.
  ...Object.entries(FOLDERS).flatMap(([room, folders]) =>
    Object.keys(folders).map((folder) => roomRules(room, folder)),
  ),
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
