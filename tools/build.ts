// SPDX-License-Identifier: Apache-2.0
/*
 * Bundles the product into one file for the image: node tools/build.ts [entry] [outfile]
 */
import { chmod, stat } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { build, type Plugin, transform } from 'esbuild';
import { pageFiles } from '#dashboard/server/page-files.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LARGEST_SHOWN = 8;

/**
 * CommonJS packages inside an ESM bundle still call `require` for Node's own modules, and some
 * read `__filename`; neither exists in ESM.
 */
const BANNER = [
  '#!/usr/bin/env node',
  "import { createRequire as __createRequire } from 'node:module';",
  "import { fileURLToPath as __fileURLToPath } from 'node:url';",
  'const require = __createRequire(import.meta.url);',
  'const __filename = __fileURLToPath(import.meta.url);',
  "const __dirname = __fileURLToPath(new URL('.', import.meta.url));",
].join('\n');

/**
 * The dashboard's page as text inside the bundle: its module reads files where it runs from source,
 * and holds them where it runs from one file.
 */
const PAGE: Plugin = {
  name: 'page',
  setup(bundler) {
    const filter = /[/\\]src[/\\]dashboard[/\\]server[/\\]page-files\.ts$/;
    bundler.onLoad({ filter }, async () => {
      const files = await Promise.all(
        Object.entries(pageFiles()).map(async ([name, text]) => [name, await smaller(name, text)]),
      );
      const held = JSON.stringify(Object.fromEntries(files));
      return { contents: `export function pageFiles() { return ${held}; }`, loader: 'js' };
    });
  },
};

/** Without comments and spaces; each file stays a module of its own, as it is in the source. */
async function smaller(name: string, text: string): Promise<string> {
  const loader = name.endsWith('.ts') ? 'js' : name.endsWith('.css') ? 'css' : undefined;
  if (loader === undefined) return text;
  const kind = {
    loader,
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
  } as const;
  const { code } = await transform(text, {
    ...kind,
    target: loader === 'js' ? 'es2024' : 'chrome123',
  });
  return code;
}

/** What a build made. */
export interface BuildResult {
  /** Size of the bundle, without its source map. */
  readonly bytes: number;
  /** Bytes in the bundle by package (`.` = our own source), largest first. */
  readonly packages: readonly (readonly [name: string, bytes: number])[];
  readonly warnings: number;
  /** What the bundle still imports at run time: Node's own modules. */
  readonly externals: readonly string[];
}

/** Bundles `entry` and everything it imports into `outfile` (ESM for Node 24, with source map). */
export async function bundle(entry: string, outfile: string): Promise<BuildResult> {
  const { metafile, warnings } = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    sourcemap: 'linked',
    // Stack traces come from the source map; people only see these.
    sourcesContent: false,
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'external',
    banner: { js: BANNER },
    metafile: true,
    plugins: [PAGE],
    logLevel: 'warning',
  });
  const sizes = new Map<string, number>();
  for (const output of Object.values(metafile.outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
      const name = packageOf(input);
      sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
    }
  }
  const externals = Object.values(metafile.outputs).flatMap(({ imports }) =>
    imports.filter(({ external }) => external === true).map(({ path }) => path),
  );
  await chmod(outfile, 0o755);
  const { size } = await stat(outfile);
  return {
    bytes: size,
    packages: [...sizes].sort(([, a], [, b]) => b - a),
    warnings: warnings.length,
    externals: [...new Set(externals)].sort(),
  };
}

function packageOf(input: string): string {
  const match = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
  return match?.[1] ?? '.';
}

function kibibytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(0).padStart(6)} KiB`;
}

if (import.meta.main) {
  const [entry = `${ROOT}src/main.ts`, outfile = `${ROOT}dist/perihelion.mjs`] =
    process.argv.slice(2);
  const { bytes, packages } = await bundle(entry, outfile);
  const shown = packages.slice(0, LARGEST_SHOWN);
  for (const [name, size] of shown) console.log(`${kibibytes(size)}  ${name}`);
  const rest = packages.slice(LARGEST_SHOWN).reduce((sum, [, size]) => sum + size, 0);
  if (rest > 0) console.log(`${kibibytes(rest)}  ${packages.length - shown.length} more`);
  const file = relative(process.cwd(), outfile);
  console.log(styleText('bold', `${kibibytes(bytes)}  ${file}`));
}
