// SPDX-License-Identifier: Apache-2.0
/*
 * Writes the bill of materials of what runs in production (CycloneDX, JSON), from the lock file alone:
 * node tools/sbom.ts [outfile]
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

/** A package of `package-lock.json`, as far as it is read here. */
export interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}

/** The lock file, as far as it is read here. */
export interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

/** A bill of materials, as far as it is read here. */
export interface BillOfMaterials {
  readonly metadata: { readonly component: { readonly name: string; readonly version: string } };
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly purl: string;
  }[];
}

/** The lock file without what only development needs. */
export function productionLock(lock: Lock): Lock {
  const kept = Object.entries(lock.packages)
    .filter(([, { dev }]) => dev !== true)
    .map(([path, one]) => [path, withoutDevelopment(one)]);
  return { ...lock, packages: Object.fromEntries(kept) as Lock['packages'] };
}

/** Names with versions of every package that production needs, sorted, without repetition. */
export function productionPackages(lock: Lock): readonly string[] {
  const names = Object.entries(productionLock(lock).packages)
    .filter(([path]) => path !== '')
    .map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version ?? ''}`);
  return [...new Set(names)].sort();
}

/**
 * The bill of materials by `npm sbom`. It is asked about a copy of the two package files without
 * development dependencies: with `--omit=dev` it leaves out what both kinds of dependencies share.
 */
export async function billOfMaterials(root: string): Promise<BillOfMaterials> {
  const read = async (name: string): Promise<object> =>
    JSON.parse(await readFile(join(root, name), 'utf8')) as object;
  const manifest = withoutDevelopment(await read('package.json')) as { readonly name: string };
  const folder = await mkdtemp(join(tmpdir(), 'perihelion-sbom-'));
  // npm takes the name of the folder for that of the application.
  const named = join(folder, manifest.name);
  try {
    await mkdir(named);
    await writeFile(join(named, 'package.json'), JSON.stringify(manifest));
    const lock = productionLock((await read('package-lock.json')) as Lock);
    await writeFile(join(named, 'package-lock.json'), JSON.stringify(lock));
    const format = ['--sbom-format=cyclonedx', '--sbom-type=application'];
    const { stdout } = await run('npm', ['sbom', '--package-lock-only', ...format], {
      cwd: named,
      maxBuffer: 64 * 2 ** 20,
    });
    return JSON.parse(stdout) as BillOfMaterials;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function withoutDevelopment(manifest: object): object {
  const kept = Object.entries(manifest).filter(([key]) => key !== 'devDependencies');
  return Object.fromEntries(kept);
}

if (import.meta.main) {
  const [outfile = join(ROOT, 'out/sbom.cdx.json')] = process.argv.slice(2);
  const bill = await billOfMaterials(ROOT);
  await mkdir(dirname(outfile), { recursive: true });
  await writeFile(outfile, `${JSON.stringify(bill, undefined, 2)}\n`);
  console.log(`${bill.components.length} packages  ${outfile}`);
}
