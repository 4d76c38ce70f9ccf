import { randomUUID } from 'node:crypto'
import { authorize, type Folder, type OrgPolicy, type Principal } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { nothing, type Permissions, type Route, route } from '@gatehouse/http'
import type { RecognisedUser } from '@gatehouse/identity'
import { createFolder, deleteFolder, listFolders, type OrgTransaction, updateFolder } from '@gatehouse/store'
import { z } from 'zod'
import { deleteMatched, replaceMatched } from '../../change-matched.ts'
import type { Changed, Changes } from '../../changes.ts'
import { type CreateCall, createOnce } from '../../create-once.ts'
import { pageOf, pageQuery, paginate } from '../../page.ts'
import { contentEtag } from '../../preconditions.ts'
import { folderOf, folderResource, loadFolder, orgResource } from './resource.ts'
import { folderChangeSchema, folderSchema, newFolderSchema, uidSchema } from './schemas.ts'

export interface FolderRouteDeps {
  readonly permissions: Permissions<RecognisedUser>
  readonly policyOf: (orgUid: string) => Promise<OrgPolicy>
  readonly changes: Changes
}

type FolderAnswer = z.output<typeof folderSchema>
type NewFolder = z.output<typeof newFolderSchema>
const byUid = z.strictObject({ uid: uidSchema })

function answerOf({ uid, title, parentUid }: Folder): FolderAnswer {
  return { uid, title, parentUid: parentUid ?? null }
}

function made(folder: Folder): Changed<FolderAnswer> {
  const resource = { kind: 'folders', uid: folder.uid }
  return { result: answerOf(folder), note: { code: 'C004I', resource, detail: { after: answerOf(folder) } } }
}

async function makeFolder(
  tx: OrgTransaction,
  { uid, title }: NewFolder,
  parentUid: string | undefined,
): Promise<Changed<FolderAnswer>> {
  const folder = { uid: uid ?? randomUUID(), title, parentUid }
  await createFolder(tx, folder)
  return made(folder)
}

/** Moving needs the right to create where it goes, too: a folder brings its grants along. */
async function checkTarget(
  tx: OrgTransaction,
  policy: OrgPolicy,
  principal: Principal,
  parentUid: string | undefined,
): Promise<void> {
  const resource =
    parentUid === undefined
      ? orgResource(principal)
      : folderResource(await loadFolder(tx, parentUid), principal.orgUid)
  const decision = authorize(policy, { principal, action: 'folders:create', resource, now: Date.now() })
  if (!decision.allowed) throw new GatehouseError('forbidden', decision.reason)
}

function listRoute({ permissions, policyOf, changes }: FolderRouteDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/folders',
    summary: 'Folders I may see',
    action: 'folders:list',
    permission: permissions.principal,
    params: nothing,
    query: z.strictObject(pageQuery),
    body: nothing,
    response: pageOf(folderSchema),
    handler: async ({ caller, query }) => {
      const { orgUid } = caller
      const policy = await policyOf(orgUid)
      const now = Date.now()
      const all = await changes.read(orgUid, listFolders)
      const visible = all.filter((folder) => {
        const resource = folderResource(folder, orgUid)
        return authorize(policy, { principal: caller, action: 'folders:read', resource, now }).allowed
      })
      const { items, next } = paginate(visible, ({ uid }) => uid, query)
      return { items: items.map(answerOf), next }
    },
  })
}

function createRoutes({ permissions, changes }: FolderRouteDeps): readonly Route[] {
  const common = {
    action: 'folders:create',
    query: nothing,
    body: newFolderSchema,
    status: 201,
    requestHeaders: ['idempotency-key'],
    response: folderSchema,
  } as const
  const make = (call: CreateCall & { readonly body: NewFolder }, parentUid: string | undefined) =>
    createOnce(changes, call, { answer: folderSchema, work: (tx) => makeFolder(tx, call.body, parentUid) })
  return [
    route({
      ...common,
      method: 'post',
      path: '/api/v1/folders',
      summary: 'Make a folder at the top level',
      permission: permissions.can('folders:create', (principal) => Promise.resolve(orgResource(principal))),
      params: nothing,
      handler: (call) => make(call, undefined),
    }),
    route({
      ...common,
      method: 'post',
      path: '/api/v1/folders/:uid/folders',
      summary: 'Make a folder in a folder',
      permission: permissions.can('folders:create', folderOf(changes)),
      params: byUid,
      handler: (call) => make(call, call.params.uid),
    }),
  ]
}

function readRoute({ permissions, changes }: FolderRouteDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/folders/:uid',
    summary: 'A folder',
    action: 'folders:read',
    permission: permissions.can('folders:read', folderOf(changes)),
    params: byUid,
    query: nothing,
    body: nothing,
    response: folderSchema,
    handler: async ({ caller, params, setHeader }) => {
      const folder = answerOf(await changes.read(caller.orgUid, (tx) => loadFolder(tx, params.uid)))
      setHeader('etag', contentEtag(folder))
      return folder
    },
  })
}

function updateRoute({ permissions, policyOf, changes }: FolderRouteDeps): Route {
  return route({
    method: 'put',
    path: '/api/v1/folders/:uid',
    summary: 'Rename or move a folder',
    action: 'folders:write',
    permission: permissions.can('folders:write', folderOf(changes)),
    params: byUid,
    query: nothing,
    body: folderChangeSchema,
    requestHeaders: ['if-match'],
    response: folderSchema,
    handler: async (call) => {
      const { caller, body, params } = call
      const { uid } = params
      const policy = await policyOf(caller.orgUid)
      return replaceMatched(changes, call, {
        code: 'C005I',
        resource: { kind: 'folders', uid },
        load: async (tx) => answerOf(await loadFolder(tx, uid)),
        work: async (tx, shown) => {
          const before = { ...shown, parentUid: shown.parentUid ?? undefined }
          const after = { uid, title: body.title, parentUid: body.parentUid ?? undefined }
          if (after.parentUid !== before.parentUid) await checkTarget(tx, policy, caller, after.parentUid)
          if (!(await updateFolder(tx, before, after)))
            throw new GatehouseError('precondition_failed', 'the folder was changed meanwhile; load it again')
          return answerOf(after)
        },
      })
    },
  })
}

function deleteRoute({ permissions, changes }: FolderRouteDeps): Route {
  return route({
    method: 'delete',
    path: '/api/v1/folders/:uid',
    summary: 'Delete an empty folder',
    action: 'folders:delete',
    permission: permissions.can('folders:delete', folderOf(changes)),
    params: byUid,
    query: nothing,
    body: nothing,
    requestHeaders: ['if-match'],
    response: nothing,
    handler: (call) => {
      const { uid } = call.params
      return deleteMatched(changes, call, {
        code: 'C006I',
        resource: { kind: 'folders', uid },
        load: async (tx) => answerOf(await loadFolder(tx, uid)),
        work: (tx) => deleteFolder(tx, uid),
      })
    },
  })
}

/** `/api/v1/folders`: the tree that grants on dashboards follow. */
export function folderRoutes(deps: FolderRouteDeps): readonly Route[] {
  return [listRoute(deps), ...createRoutes(deps), readRoute(deps), updateRoute(deps), deleteRoute(deps)]
}
