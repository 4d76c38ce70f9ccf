import { createHmac } from 'node:crypto'
import type { NotificationsConfig } from '@gatehouse/config'
import type { DueNotice } from '@gatehouse/store'
import { createTransport, type Transporter } from 'nodemailer'
import { z } from 'zod'

const timeoutMs = 10_000

/** Delivers notices. Rejects when one could not be delivered; it is then tried again. */
export interface Delivery {
  deliver(notice: DueNotice): Promise<void>
  close(): void
}

const mailSchema = z.looseObject({ subject: z.string(), text: z.string() })

function createMailer(smtp: NonNullable<NotificationsConfig['smtp']>): Transporter {
  const { host, port, tls, username, password } = smtp
  return createTransport({
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(username === undefined ? {} : { auth: { user: username, pass: password?.value ?? '' } }),
  })
}

async function post(notice: DueNotice, secret: string): Promise<void> {
  const { uid, message, attempts, target } = notice
  const body = JSON.stringify({ uid, ...message })
  const response = await fetch(target, {
    method: 'POST',
    body,
    // A redirect could lead anywhere.
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
    headers: {
      'content-type': 'application/json',
      'x-gatehouse-notice': uid,
      'x-gatehouse-attempt': String(attempts),
      'x-gatehouse-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    },
  })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`the webhook answered ${response.status}`)
}

/** Creates what delivers, from its configuration. Mail is unencrypted only if the configuration says so. */
export function createDelivery(config: NotificationsConfig): Delivery {
  const mailer = config.smtp === undefined ? undefined : createMailer(config.smtp)
  return {
    async deliver(notice) {
      if (notice.channel === 'webhook') {
        // Only URLs of the configuration as it is now are called, with their own secret.
        const owner = config.dataOwners.find(
          ({ org, webhook }) => org === notice.orgUid && webhook?.url === notice.target,
        )
        if (owner?.webhook === undefined) throw new Error('the webhook is not configured any more')
        await post(notice, owner.webhook.secret.value ?? '')
        return
      }
      if (mailer === undefined || config.smtp === undefined) throw new Error('no mail server is configured')
      const { subject, text } = mailSchema.parse(notice.message)
      const { from } = config.smtp
      await mailer.sendMail({
        from,
        to: notice.target,
        subject,
        text,
        messageId: `<${notice.uid}@gatehouse>`,
      })
    },
    close: () => mailer?.close(),
  }
}
