import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface AxeResult {
  readonly violations: readonly {
    readonly id: string
    readonly nodes: readonly { readonly target: unknown; readonly failureSummary?: string }[]
  }[]
}

/** What axe finds against WCAG 2.2 AA and its best practices, a line each. */
export async function axeFindings(page: Page): Promise<readonly string[]> {
  // Evaluated by the debugger, so the page's content security policy stays as it is.
  await page.evaluate(source)
  // Half-way through a fade every colour is another one.
  await page.evaluate(
    `Promise.allSettled(document.getAnimations().filter((one) => one.effect?.getTiming().iterations !== Infinity).map((one) => one.finished))`,
  )
  const tags = "['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice']"
  const found = (await page.evaluate(`axe.run({ runOnly: ${tags} })`)) as AxeResult
  return found.violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.length} × ${JSON.stringify(nodes[0]?.target)} ${nodes[0]?.failureSummary ?? ''}`,
  )
}
