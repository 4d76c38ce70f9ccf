import type { Screen } from './shell/screen.ts'

/** All screens, one entry each; control must know the first part of the path (services/control/src/pages.ts). */
export const screens: readonly Screen[] = [
  {
    path: '/',
    title: 'Home',
    nav: { to: '/', icon: 'home' },
    help: [
      'Home says who you are here, what you may query and through which role, how fresh the data is, and what of yours ends soon.',
      'The snippets show how Grafana, promtool and other clients ask through Gatehouse.',
    ],
    load: () => import('./home/home-screen.tsx'),
  },
  {
    path: '/explore',
    title: 'Explore',
    nav: { to: '/explore', icon: 'explore' },
    needs: ['datasources:query'],
    roles: ['viewer', 'ml-engineer'],
    help: [
      'Write PromQL and run it at one time (Table) or over a range (Graph). Suggestions come from what you may see, nothing else.',
      'Gatehouse adds matchers to every selector before a shard reads it. “Enforced query” shows the query as written beside what was asked, with the grant behind each matcher; “Plan” shows which shards evaluate what.',
      'The address holds the query, its range and the view, so a copied link shows the same to whoever may run it.',
    ],
    load: () => import('./explore/explore-screen.tsx'),
  },
  {
    path: '/dashboards',
    title: 'Dashboards',
    nav: { to: '/dashboards', icon: 'dashboards' },
    help: [
      'Every dashboard you may open, in its folder. Opening one lets you run exactly its queries, if somebody stands for them; for series you may query yourself, what you see is yours.',
    ],
    load: () => import('./dashboards/screens/list-screen.tsx'),
  },
  {
    path: '/dashboards/import',
    title: 'Import a dashboard',
    needs: ['dashboards:create'],
    help: [
      'Brings a dashboard of Grafana in. Before it is stored, you see which of its queries viewers could run and why others not.',
    ],
    load: () => import('./dashboards/screens/import-screen.tsx'),
  },
  {
    path: '/dashboards/:uid',
    title: 'Dashboard',
    help: [
      'Choose variables and a time range; both stand in the address, so a link shows what you see. Dragging over a chart zooms; the buttons beside the time range do the same.',
      'Each panel’s menu shows its samples as a table, saves them as CSV, and shows what is asked and why less may be answered.',
    ],
    load: () => import('./dashboards/screens/viewer-screen.tsx'),
  },
  {
    path: '/dashboards/:uid/versions',
    title: 'Versions of a dashboard',
    needs: ['dashboards:write'],
    help: [
      'Each time a dashboard is saved, a version stays. Choose two to see which panels and queries differ. An approval holds for the queries that were approved, and no others.',
    ],
    load: () => import('./dashboards/screens/versions-screen.tsx'),
  },
  {
    path: '/access',
    title: 'Access',
    nav: { to: '/access', icon: 'access' },
    help: ['Who may do what, and why. The tabs are those that your roles can use.'],
    load: () => import('./access/access-screen.tsx'),
  },
  {
    path: '/access/why',
    title: 'Why',
    help: [
      'Ask why somebody may do something, or why not. The answer names each grant that was looked at, from the group at the identity provider to the permission, and the first thing that fails.',
      'What lies outside of your own scope is said to be outside, whether it exists or not.',
    ],
    load: () => import('./access/why-screen.tsx'),
  },
  {
    path: '/access/who',
    title: 'Who can see',
    needs: ['access:explain'],
    help: [
      'Give a metric or a selector to find everybody who can read it, and by which grant. Open the grant to revoke it.',
    ],
    load: () => import('./access/who-screen.tsx'),
  },
  {
    path: '/access/people',
    title: 'People',
    needs: ['users:read'],
    help: [
      'Everybody of this org. Open one to see their teams, what they see and why, and where they are signed in.',
    ],
    load: () => import('./access/people-screen.tsx'),
  },
  {
    path: '/access/people/:uid',
    title: 'Person',
    needs: ['users:read'],
    help: ['What this person sees is the union of the grants that reach them, less the guardrails.'],
    load: () => import('./access/person-screen.tsx'),
  },
  {
    path: '/access/teams',
    title: 'Teams',
    needs: ['teams:read'],
    help: ['Teams get roles by grants. Members come from the identity provider, or by hand.'],
    load: () => import('./access/teams-screen.tsx'),
  },
  {
    path: '/access/teams/:uid',
    title: 'Team',
    needs: ['teams:read'],
    help: ['Members who came from the identity provider leave there; those who came by hand leave here.'],
    load: () => import('./access/team-screen.tsx'),
  },
  {
    path: '/access/roles',
    title: 'Roles',
    needs: ['roles:read'],
    help: ['A role is a list of permissions. It holds nothing until a grant gives it to somebody somewhere.'],
    load: () => import('./access/roles-screen.tsx'),
  },
  {
    path: '/access/roles/new',
    title: 'New role',
    needs: ['roles:create'],
    help: ['Choose what the role permits. You can give only what you hold yourself.'],
    load: () => import('./access/edit-role-screen.tsx'),
  },
  {
    path: '/access/roles/:name',
    title: 'Role',
    needs: ['roles:read'],
    help: ['Roles that come with Gatehouse cannot be changed; make one like it.'],
    load: () => import('./access/role-screen.tsx'),
  },
  {
    path: '/access/roles/:name/edit',
    title: 'Change a role',
    needs: ['roles:write'],
    help: ['Before it is saved, you see who gains or loses what.'],
    load: () => import('./access/edit-role-screen.tsx'),
  },
  {
    path: '/access/grants',
    title: 'Grants',
    needs: ['grants:read'],
    help: ['A grant gives a role to somebody, somewhere, perhaps for some series only, perhaps for a time.'],
    load: () => import('./access/grants-screen.tsx'),
  },
  {
    path: '/access/grants/new',
    title: 'New grant',
    needs: ['grants:create'],
    help: ['Before the grant is made, you see who gains what by it.'],
    load: () => import('./access/new-grant-screen.tsx'),
  },
  {
    path: '/access/grants/:uid',
    title: 'Grant',
    needs: ['grants:read'],
    help: [
      'A grant never changes: make another and revoke this one. Revoking holds everywhere within two seconds.',
    ],
    load: () => import('./access/grant-screen.tsx'),
  },
  {
    path: '/access/data-sources',
    title: 'Data sources',
    needs: ['datasources:read'],
    help: ['What this org can query. Guardrails hide series from everybody in it.'],
    load: () => import('./access/sources-screen.tsx'),
  },
  {
    path: '/access/service-accounts',
    title: 'Service accounts',
    needs: ['serviceaccounts:read'],
    help: ['Programs sign in as service accounts, with tokens that end.'],
    load: () => import('./access/accounts-screen.tsx'),
  },
  {
    path: '/access/service-accounts/:uid',
    title: 'Service account',
    needs: ['serviceaccounts:read'],
    help: ['A token is shown once. Rotate it before it ends: the old one works for a day more.'],
    load: () => import('./access/account-screen.tsx'),
  },
  {
    path: '/access/requests',
    title: 'Requests',
    help: ['Requests that wait for you come first. What you approve ends by itself.'],
    load: () => import('./access/requests-screen.tsx'),
  },
  {
    path: '/access/ask',
    title: 'Ask for access',
    help: [
      'Say which role you need, for how long and why. Whoever may grant it there decides; the access ends by itself.',
    ],
    load: () => import('./access/ask-screen.tsx'),
  },
  {
    path: '/system',
    title: 'System',
    nav: { to: '/system', icon: 'system' },
    needs: ['system:read'],
    roles: ['operator'],
    help: [
      'How everything that answers queries is: shards and replicas with their latency and errors, the cache, the audit spool, identity providers, and the limits in force.',
      'Numbers of shards count from when the gateway started, or once the page has been open for a minute, from when it was opened. Sort the table by the 95th percentile to find the slow shard.',
    ],
    load: () => import('./system/system-screen.tsx'),
  },
  {
    path: '/audit',
    title: 'Audit',
    nav: { to: '/audit', icon: 'audit' },
    needs: ['audit:list', 'audit:read'],
    help: [
      'Everything that was asked or changed, by whom, and why it was allowed or refused. Filters, range and the open event stand in the address.',
      'Integrity says when the log was last sealed and verified. An export as NDJSON can be verified by anybody who has the public key, without Gatehouse.',
      'What you look at here is logged, too.',
    ],
    load: () => import('./audit/audit-screen.tsx'),
  },
  {
    path: '/access/sessions',
    title: 'Where you are signed in',
    help: [
      'Every browser in which you are signed in. End one that you do not know; “Sign out everywhere” ends this one, too.',
    ],
    load: () => import('./shell/sessions-screen.tsx'),
  },
  {
    path: '/accessibility',
    title: 'Accessibility',
    help: [
      'What has been done so that everybody can use this console, what is known not to work, and whom to tell.',
    ],
    load: () => import('./shell/accessibility.tsx'),
  },
]
