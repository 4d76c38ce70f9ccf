import { accessDocumentSchema } from '@gatehouse/authz'
import { z } from 'zod'

const settings = accessDocumentSchema.shape.orgs.element.shape.dataSources.unwrap().element

function repeated(names: readonly string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) !== index)
}

type Shards = z.output<typeof settings>['shards']

/** Shards are disjoint slices: a tenant in two of them would be counted twice. */
function faultOf(shards: Shards): string | undefined {
  const twice =
    repeated(shards.map(({ name }) => name)) ??
    repeated(shards.flatMap(({ tenants }) => tenants)) ??
    shards
      .map(({ replicas }) => repeated(replicas.map(({ name }) => name)))
      .find((name) => name !== undefined)
  return twice === undefined ? undefined : `${twice} stands twice`
}

function checkShards(value: { readonly shards: Shards }, context: z.RefinementCtx): void {
  const message = faultOf(value.shards)
  if (message !== undefined)
    context.addIssue({ code: 'custom', message, path: ['shards'], input: value.shards })
}

export const newDataSourceSchema = settings.superRefine(checkShards)
export const dataSourceChangeSchema = settings.omit({ uid: true }).superRefine(checkShards)

/** A data source as everybody who may query it sees it. */
export const dataSourceSchema = z.strictObject({
  uid: z.string(),
  name: z.string(),
  tenantLabel: z.string(),
  version: z.number().describe('Grows with every change of it, its shards or replicas'),
})

/** A data source with where its series are, for those who run it. */
export const dataSourceWithShardsSchema = dataSourceSchema.extend({
  shards: z.array(
    z.strictObject({
      name: z.string(),
      tenants: z.array(z.string()),
      replicas: z.array(z.strictObject({ name: z.string(), url: z.string() })),
    }),
  ),
})
