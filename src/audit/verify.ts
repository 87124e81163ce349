// SPDX-License-Identifier: Apache-2.0
import { readLink, GENESIS, type Link } from './chain.ts';
import { isMissing, missingRuns, type Gap } from './gap.ts';
import type { ChainHead } from './sink.ts';

/**
 * What can be wrong with a line. `malformed`: not an audit line. `changed`: its bytes do not have
 * its hash. `dropped`: lines before it are missing. `reordered`: it stands behind a later one.
 * `duplicated`: the same line again. `replaced`: intact, but it does not continue the line before
 * (that one was rewritten, hash and all). `restarted`: a new chain begins in the middle.
 * `cut`: the log ends before the head that was expected.
 */
export type ProblemKind =
  | 'malformed'
  | 'changed'
  | 'dropped'
  | 'reordered'
  | 'duplicated'
  | 'replaced'
  | 'restarted'
  | 'cut';

/** One finding. */
export interface Problem {
  readonly kind: ProblemKind;
  /** Line number, from 1, over all lines given; for `cut` one past the last. */
  readonly line: number;
  /** Sequence number the line claims; undefined where it has none. */
  readonly seq: number | undefined;
  /** One sentence for people. */
  readonly detail: string;
}

/** What {@link verifyLines} found. */
export interface Verification {
  /** No problem at all. */
  readonly ok: boolean;
  readonly lines: number;
  /** In the order of the lines. */
  readonly problems: readonly Problem[];
  /** Heads by writer: where each chain ends. */
  readonly heads: ReadonlyMap<string, ChainHead>;
}

/** Settings of {@link verifyLines}. */
export interface VerifyOptions {
  /** Heads known from elsewhere (a metric, an earlier run): shows a tail that was cut off. */
  readonly expectedHeads?: ReadonlyMap<string, ChainHead> | undefined;
}

interface Chain {
  head: ChainHead;
  /** Hash of the chain's seq 1, if it was seen: tells a copy of it from a new beginning. */
  origin: string | undefined;
  /** The head's own bytes were changed, so its hash says nothing about the next line. */
  doubtful: boolean;
  /** A changed line that claims another place; the next line shows whether it stood here. */
  suspect: ChainHead | undefined;
  readonly gaps: Gap[];
  /** Numbers before the first line: rotated away as a rule, reordered if one turns up. */
  readonly earlier: Gap;
}

/**
 * Checks the hash chain over the lines of a log, oldest first, rotated files joined. Lines of
 * several writers may be interleaved; each has a chain of its own. The first line of a writer may
 * have any number: older files may have been rotated away.
 *
 * A chain proves consistency, not origin: whoever can rewrite the whole file can compute a new
 * one. `expectedHeads` from outside the file closes that gap.
 */
export function verifyLines(lines: Iterable<string>, options: VerifyOptions = {}): Verification {
  const verifier = new LineVerifier();
  for (const line of lines) verifier.add(line);
  return verifier.finish(options);
}

/** {@link verifyLines} for a log that is too large to hold: one line after the other. */
export class LineVerifier {
  readonly #chains = new Map<string, Chain>();
  readonly #problems: Problem[] = [];
  #lines = 0;

  /** Checks the next line, without its line end. */
  add(line: string): void {
    this.#lines += 1;
    const found = readLink(line);
    const finding = found === undefined ? malformed(line) : judge(found, this.#lines, this.#chains);
    if (finding === undefined) return;
    const [kind, detail] = finding;
    this.#problems.push({ kind, line: this.#lines, seq: found?.seq, detail });
  }

  /** The findings over all lines added. */
  finish(options: VerifyOptions = {}): Verification {
    const heads = new Map([...this.#chains].map(([source, { head }]) => [source, head]));
    const problems = [
      ...this.#problems,
      ...[...this.#chains.values()].flatMap(({ gaps }) => gaps.flatMap(droppedLines)),
      ...cutTails(heads, options.expectedHeads ?? new Map(), this.#lines + 1),
    ].sort((a, b) => a.line - b.line);
    return { ok: problems.length === 0, lines: this.#lines, problems, heads };
  }
}

type Finding = readonly [ProblemKind, string] | undefined;

/** Foreign text; a copy with other line ends or a byte order mark is told as what it mostly is. */
function malformed(line: string): Finding {
  const nothing = 'not a line of an audit log';
  if (line.endsWith('\r')) return ['malformed', `${nothing}: its line ends were made CR LF`];
  if (line.startsWith('\uFEFF'))
    return ['malformed', `${nothing}: a byte order mark stands in front`];
  return ['malformed', nothing];
}

function judge(link: Link, line: number, chains: Map<string, Chain>): Finding {
  const chain = chains.get(link.source);
  if (link.intact) return chain === undefined ? first(link, chains) : next(link, line, chain);
  if (chain === undefined) chains.set(link.source, newChain(link, true));
  else if (link.seq === chain.head.seq + 1) advance(chain, link, true);
  else chain.suspect = { seq: chain.head.seq + 1, hash: link.hash };
  return ['changed', `line with seq ${link.seq} was changed`];
}

function first(link: Link, chains: Map<string, Chain>): Finding {
  chains.set(link.source, newChain(link, false));
  if (link.seq > 1 || link.prev === GENESIS.hash) return undefined;
  return ['replaced', 'seq 1 does not begin a chain'];
}

function next(link: Link, line: number, chain: Chain): Finding {
  const { suspect } = chain;
  if (suspect !== undefined && link.seq === suspect.seq + 1 && link.prev === suspect.hash) {
    chain.head = suspect;
  }
  const { head, doubtful } = chain;
  if (link.seq <= head.seq) return behind(link, chain);
  if (link.seq > head.seq + 1) {
    const { seq } = link;
    chain.gaps.push({ line, seq, from: head.seq + 1, to: seq - 1, found: new Set() });
  }
  advance(chain, link, false);
  if (doubtful || link.seq > head.seq + 1 || link.prev === head.hash) return undefined;
  return ['replaced', `seq ${link.seq} does not continue seq ${head.seq}`];
}

function behind(link: Link, chain: Chain): Finding {
  const gap = [...chain.gaps, chain.earlier].find((candidate) => isMissing(candidate, link.seq));
  if (gap !== undefined) {
    gap.found.add(link.seq);
    return ['reordered', `seq ${link.seq} stands behind seq ${chain.head.seq}`];
  }
  if (link.seq > 1 || link.hash === chain.origin) {
    return ['duplicated', `seq ${link.seq} stands here again`];
  }
  const { seq } = chain.head;
  chain.origin = link.hash;
  advance(chain, link, false);
  return ['restarted', `a new chain begins after seq ${seq}`];
}

function newChain(link: Link, doubtful: boolean): Chain {
  const origin = link.seq === 1 ? link.hash : undefined;
  const earlier: Gap = { line: 1, seq: link.seq, from: 1, to: link.seq - 1, found: new Set() };
  return { head: headOf(link), origin, doubtful, suspect: undefined, gaps: [], earlier };
}

function advance(chain: Chain, link: Link, doubtful: boolean): void {
  chain.head = headOf(link);
  chain.doubtful = doubtful;
  chain.suspect = undefined;
}

function headOf(link: Link): ChainHead {
  return { seq: link.seq, hash: link.hash };
}

function droppedLines(gap: Gap): Problem[] {
  return missingRuns(gap).map(([from, to]) => ({
    kind: 'dropped',
    line: gap.line,
    seq: gap.seq,
    detail: from === to ? `seq ${from} is missing` : `seq ${from} to ${to} are missing`,
  }));
}

function cutTails(
  heads: ReadonlyMap<string, ChainHead>,
  expected: ReadonlyMap<string, ChainHead>,
  line: number,
): Problem[] {
  const problems: Problem[] = [];
  for (const [source, want] of expected) {
    const have = heads.get(source) ?? GENESIS;
    if (have.seq < want.seq) {
      const detail = `${source} ends at seq ${have.seq}, seq ${want.seq} was written`;
      problems.push({ kind: 'cut', line, seq: want.seq, detail });
    } else if (have.seq === want.seq && have.hash !== want.hash) {
      const detail = `seq ${want.seq} of ${source} is not the line that was written`;
      problems.push({ kind: 'replaced', line: line - 1, seq: want.seq, detail });
    }
  }
  return problems;
}
