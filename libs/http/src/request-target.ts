/**
 * The path and query of a request's target. Express has no trail, and so no audit event, for a target that it cannot read: that becomes a
 * path that leads nowhere.
 */
export function readableTarget(target: string): string {
  if (target.startsWith('/')) return target
  const absolute = /^https?:/i.test(target) ? URL.parse(target) : null
  return absolute === null ? `/${encodeURIComponent(target)}` : absolute.pathname + absolute.search
}
