import { accessDocumentSchema, shardMapFault } from '@gatehouse/authz'
import { z } from 'zod'

const settings = accessDocumentSchema.shape.orgs.element.shape.dataSources.unwrap().element

function repeated(names: readonly string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) !== index)
}

type Shards = z.output<typeof settings>['shards']

function faultOf(shards: Shards): string | undefined {
  const twice = shards
    .map(({ replicas }) => repeated(replicas.map(({ name }) => name)))
    .find((name) => name !== undefined)
  return shardMapFault(shards) ?? (twice === undefined ? undefined : `${twice} stands twice`)
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
      tenantHash: z.strictObject({ modulus: z.number(), remainder: z.number() }).optional(),
      series: z.string().optional(),
      samples: z.strictObject({ from: z.string().optional(), until: z.string().optional() }).optional(),
      replicas: z.array(z.strictObject({ name: z.string(), url: z.string() })),
    }),
  ),
  alertmanagerUrl: z.string().optional(),
  engineUrl: z.string().optional(),
  evaluationInterval: z.string().optional(),
  partialResponse: z.boolean(),
  backend: settings.shape.backend.unwrap(),
})
