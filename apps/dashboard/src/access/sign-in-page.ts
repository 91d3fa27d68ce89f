import { html } from '../html.js';
import { layout } from '../layout.js';

export interface SignInPage {
  /** Prefix of every path of the page. */
  readonly basePath: string;
  /** Path to go to after the sign-in, without that prefix. */
  readonly to: string;
  readonly name?: string;
  readonly problem?: string;
}

export function signInPage({ basePath, to, name = '', problem }: SignInPage): string {
  return layout({
    basePath,
    title: 'Sign in · walmq',
    body: html`<main class="sign-in">
<h1>walmq</h1>
<form method="post" action="${basePath}/sign-in">
${problem !== undefined && html`<p class="problem" role="alert" id="problem">${problem}</p>`}
<input type="hidden" name="to" value="${to}">
<label for="name">Name</label>
<input id="name" name="name" value="${name}" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${problem !== undefined && html` aria-describedby="problem"`}>
<button type="submit">Sign in</button>
</form>
</main>`,
  });
}

/** Always a path of the dashboard itself, whatever a link asked for. */
export function safePath(path: string | null | undefined): string {
  const base = 'http://dashboard.invalid';
  if (path == null || !path.startsWith('/') || !URL.canParse(path, base)) return '/';
  const url = new URL(path, base);
  // Two slashes would begin the name of a host.
  return url.origin === base ? url.pathname.replace(/^\/+/, '/') + url.search : '/';
}
