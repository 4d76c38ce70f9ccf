import type { NotificationsConfig } from '@gatehouse/config'
import type { Notice } from '@gatehouse/store'

/** What is told: `subject` and `text` for people, `facts` for programs. */
export interface NoticeContent {
  readonly kind: 'break-glass-opened' | 'break-glass-closed' | 'access-requested' | 'local-admin-signed-in'
  readonly orgUid: string
  readonly subject: string
  readonly text: string
  readonly facts: Readonly<Record<string, unknown>>
}

/** One notice for each address and webhook of the org's data owner; empty if nobody is configured. */
export function noticesFor(config: NotificationsConfig, content: NoticeContent): readonly Notice[] {
  const message = { ...content }
  return config.dataOwners
    .filter(({ org }) => org === content.orgUid)
    .flatMap(({ emails, webhook }): Notice[] => [
      ...(config.smtp === undefined
        ? []
        : emails.map((target) => ({ channel: 'email', target, message }) as const)),
      ...(webhook === undefined ? [] : [{ channel: 'webhook', target: webhook.url, message } as const]),
    ])
}
