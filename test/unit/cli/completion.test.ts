// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { COMMANDS } from '#cli/program/command-line.ts';
import { completionScript, SHELLS } from '#cli/completion/scripts.ts';
import { completionsOf } from '#cli/completion/words.ts';

const tables = completionsOf(COMMANDS);
const withoutBash = spawnSync('bash', ['--version']).status !== 0;

/** What bash offers for the last of these words. */
function offered(...words: string[]): string[] {
  const script = `${completionScript('bash', tables)}
COMP_WORDS=(perihelion "$@"); COMP_CWORD=$#; _perihelion; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const text = execFileSync('bash', ['--norc', '-c', script, 'bash', ...words], {
    encoding: 'utf8',
    cwd: '/',
  });
  return text.split('\n').filter((line) => line !== '');
}

describe('completionScript', () => {
  it('completes commands, parts of groups, flags and values in bash', { skip: withoutBash }, () => {
    const top = offered('');
    for (const { name } of COMMANDS) assert.ok(top.includes(name), name);
    assert.deepEqual(offered('audit', 'r'), ['replay']);
    assert.deepEqual(offered('audit', 'tail', '--out'), ['--outcome', '--output']);
    assert.deepEqual(offered('audit', 'tail', '--output', 'j'), ['json']);
    assert.deepEqual(offered('doctor', '-o', ''), ['table', 'json']);
    assert.deepEqual(offered('completion', 'z'), ['zsh']);
    assert.ok(offered('policy', 'lint', 'et').includes('etc'));
    assert.deepEqual(offered('explain', 'shop/pod', '--cont'), ['--context']);
  });

  it('offers nothing that is meant for the product itself', () => {
    const demo = tables.find(({ path }) => path === 'demo');
    assert.ok(demo !== undefined && demo.words.length > 0);
    assert.ok(!demo.words.some(({ text }) => text === '--job'));
  });

  for (const shell of SHELLS) {
    it(`names every command and flag for ${shell}, each quote closed`, () => {
      const script = completionScript(shell, tables);
      for (const { path, words } of tables) {
        for (const { text } of words) {
          const written = shell === 'fish' ? text.replace(/^--/, '-l ') : text;
          assert.ok(script.includes(written), `${path} ${text}`);
        }
      }
      const quotes = script.replaceAll("\\'", '').split("'").length - 1;
      const comments = script
        .split('\n')
        .filter((line) => line.startsWith('#'))
        .join('');
      assert.equal((quotes - (comments.split("'").length - 1)) % 2, 0);
    });
  }
});
