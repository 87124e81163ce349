// SPDX-License-Identifier: Apache-2.0
import { type Child, h } from './dom.ts';
import { viewHead } from './parts.ts';
import type { HttpError } from './client.ts';

/** Asks for a token, and says why. */
export function signIn({ status, message }: HttpError, tried: boolean): Node[] {
  return [
    viewHead('Sign in', 'This dashboard asks the API server who you are.'),
    h(
      'form',
      { class: 'card sign-in', 'data-do': 'sign-in' },
      tried &&
        h(
          'p',
          { class: 'note bad', id: 'sign-in-problem', role: 'alert' },
          problemText(status, message),
        ),
      h('label', { for: 'token' }, 'Bearer token'),
      h('input', {
        id: 'token',
        name: 'token',
        type: 'password',
        autocomplete: 'off',
        spellcheck: 'false',
        required: true,
        'aria-describedby': tried ? 'sign-in-problem token-help' : 'token-help',
      }),
      h(
        'p',
        { class: 'soft small', id: 'token-help' },
        'It is kept as long as this tab is open, and sent to this server only. For example from ',
        h('code', {}, 'kubectl create token NAME'),
        ', of an account that is bound to the ClusterRole ',
        h('code', {}, 'perihelion-dashboard-viewer'),
        '.',
      ),
      h('button', { type: 'submit', class: 'primary' }, 'Sign in'),
    ),
  ];
}

function problemText(status: number, message: string): Child {
  if (status === 403) return `Known, but not allowed: ${message}.`;
  return `Not accepted: ${message}.`;
}
