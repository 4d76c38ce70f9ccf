import type { Person } from './people.ts'

/** Text as HTML text or attribute value. */
function escape(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.codePointAt(0)};`)
}

function page(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(title)}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 24rem; margin: 4rem auto; padding: 0 1rem; color: #1b1f24; }
label { display: block; margin-top: 1rem; }
input { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem; border: 1px solid #6e7781; border-radius: .25rem; }
button { font: inherit; margin-top: 1.5rem; padding: .5rem 1.5rem; }
[role=alert] { color: #a40e26; }
</style>
<main>
<h1>${escape(title)}</h1>
${content}
</main>
</html>
`
}

/** The sign-in form. */
export function signInPage(options: {
  readonly action: string
  readonly people: readonly Person[]
  readonly signIn?: string
  readonly hasFailed: boolean
}): string {
  const names = options.people.map(
    ({ signIn, name }) => `<option value="${escape(signIn)}">${escape(name)}</option>`,
  )
  return page(
    'Demo identity provider',
    `${options.hasFailed ? '<p role="alert">Unknown sign-in name or wrong password.</p>' : ''}
<form method="post" action="${escape(options.action)}">
<label>Sign-in name <input name="signIn" list="people" autocomplete="username" required autofocus value="${escape(options.signIn ?? '')}"></label>
<datalist id="people">${names.join('')}</datalist>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button type="submit">Sign in</button>
</form>`,
  )
}

/** Asks to end the session here too; goes on by itself where scripts run, as the application has asked already. */
export function signOutPage(form: string): string {
  return page(
    'Sign out',
    `${form}
<button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out here too</button>
<script>
const form = document.getElementById('op.logoutForm')
form.requestSubmit(document.querySelector('button[name=logout]'))
</script>`,
  )
}

export function messagePage(title: string, text: string): string {
  return page(title, `<p>${escape(text)}</p>`)
}
