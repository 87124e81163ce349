// SPDX-License-Identifier: Apache-2.0
import type { Completions, Valued } from './words.ts';

/** Shells that a script can be made for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A completion script for the shell, from the table of commands. */
export function completionScript(shell: Shell, tables: readonly Completions[]): string {
  if (shell === 'fish') return fishScript(tables);
  return shell === 'zsh' ? zshScript(tables) : bashScript(tables);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The words up to the cursor tell the command; the same for bash and zsh. */
function cases(tables: readonly Completions[], offer: (table: Completions) => string): string {
  return tables.map((table) => `    ${quoted(table.path)}) ${offer(table)} ;;`).join('\n');
}

function valueCases(tables: readonly Completions[], offer: (value: Valued) => string): string {
  return tables
    .flatMap(({ path, valued }) =>
      valued.map((value) => {
        const at = quoted(`${path}|${value.flag}`);
        return `    ${at}) ${offer(value)}; return ;;`;
      }),
    )
    .join('\n');
}

/** Groups: their first word does not name the command yet. */
function pathLines(tables: readonly Completions[], words: string): string {
  const paths = tables.map(({ path }) => quoted(path)).join(' ');
  return [
    `  local known=(${paths}) path='' word candidate found one`,
    `  for word in ${words}; do`,
    '    case "$word" in -*) break ;; esac',
    '    candidate="${path:+$path }$word"',
    '    found=0',
    '    for one in "${known[@]}"; do [ "$one" = "$candidate" ] && found=1; done',
    '    [ "$found" = 1 ] || break',
    '    path="$candidate"',
    '  done',
  ].join('\n');
}

function bashScript(tables: readonly Completions[]): string {
  const words = (table: Completions): string => {
    const list = quoted(table.words.map(({ text }) => text).join(' '));
    const files = table.files
      ? ' [[ "$current" == -* ]] || COMPREPLY+=($(compgen -f -- "$current"));'
      : '';
    return `COMPREPLY=($(compgen -W ${list} -- "$current"));${files}`;
  };
  const values = ({ choices, files }: Valued): string =>
    files
      ? 'COMPREPLY=($(compgen -f -- "$current"))'
      : `COMPREPLY=($(compgen -W ${quoted(choices.join(' '))} -- "$current"))`;
  return `# Completion of perihelion for bash: source <(perihelion completion bash)
_perihelion() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
${pathLines(tables, '"${COMP_WORDS[@]:1:COMP_CWORD-1}"')}
  case "$path|$previous" in
${valueCases(tables, values)}
  esac
  case "$path" in
${cases(tables, words)}
  esac
}
complete -o filenames -F _perihelion perihelion kubectl-perihelion
`;
}

function zshScript(tables: readonly Completions[]): string {
  const words = (table: Completions): string => {
    const list = table.words
      .map(({ text, help }) => quoted(`${text}${help === '' ? '' : `:${help}`}`))
      .join(' ');
    const files = table.files ? ' [[ "$current" == -* ]] || _files;' : '';
    return `offered=(${list}); _describe 'perihelion' offered;${files}`;
  };
  const values = ({ choices, files }: Valued): string =>
    files ? '_files' : ['compadd --', ...choices].join(' ');
  return `#compdef perihelion kubectl-perihelion
# Completion of perihelion for zsh: perihelion completion zsh > "\${fpath[1]}/_perihelion"
_perihelion() {
  local current="\${words[CURRENT]}" previous="\${words[CURRENT-1]}"
  local -a offered
${pathLines(tables, '"${(@)words[2,CURRENT-1]}"')}
  case "$path|$previous" in
${valueCases(tables, values)}
  esac
  case "$path" in
${cases(tables, words)}
  esac
}
if [ "$funcstack[1]" = _perihelion ]; then _perihelion "$@"; else compdef _perihelion perihelion kubectl-perihelion; fi
`;
}

function fishScript(tables: readonly Completions[]): string {
  const lines = [
    '# Completion of perihelion for fish: perihelion completion fish | source',
    'function __perihelion_at',
    '  set -l words (commandline -opc)[2..]',
    "  set -l plain (string match -v -- '-*' $words)",
    '  set -l wanted (string split -n " " -- $argv[1])',
    '  set -l depth (count $wanted)',
    '  test (count $plain) -ge $depth; or return 1',
    '  test $depth -gt 0; or begin; test (count $plain) -eq 0; return; end',
    '  test "$plain[1..$depth]" = "$argv[1]"',
    'end',
  ];
  for (const program of ['perihelion', 'kubectl-perihelion']) {
    lines.push(`complete -c ${program} -f`);
    for (const { path, words, valued, files } of tables) {
      const at = `complete -c ${program} -n ${quoted(`__perihelion_at ${quoted(path)}`)}`;
      for (const { text, help } of words) {
        const value = valued.find(({ flag }) => flag === text);
        const takes = value === undefined ? '' : takesOf(value);
        const what = text.startsWith('--') ? `-l ${text.slice(2)}${takes}` : `-a ${quoted(text)}`;
        lines.push(`${at} ${what} -d ${quoted(help)}`);
      }
      if (files) lines.push(`${at} -F`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function takesOf({ choices, files }: Valued): string {
  return files ? ' -r -F' : ` -x -a ${quoted(choices.join(' '))}`;
}
