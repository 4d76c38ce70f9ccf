const maxLength = 2_000

/**
 * Where to go after sign-in: a path of the console's own, or `/`. Whatever a browser could read as another origin is refused, also
 * in the form the URL parser makes of it (`/.//evil` becomes `//evil`).
 */
export function safeReturnTo(value: string | undefined, ownOrigin: string): string {
  // Printable ASCII without the backslash, which browsers read as a slash.
  if (value === undefined || value.length > maxLength || !/^\/(?![/\\])[!-[\]-~]*$/.test(value)) return '/'
  if (!URL.canParse(value, ownOrigin)) return '/'
  const url = new URL(value, ownOrigin)
  const path = url.pathname + url.search + url.hash
  if (url.origin !== ownOrigin || path.startsWith('//')) return '/'
  // Coming back to a path of the sign-in itself would loop; the API answers no person.
  return /^\/(login|sign-in|signed-out|api|prom)(\/|$)/.test(url.pathname) ? '/' : path
}
