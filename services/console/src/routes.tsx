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
    help: [
      'Each time a dashboard is saved, a version stays. Choose two to see which panels and queries differ. An approval holds for the queries that were approved, and no others.',
    ],
    load: () => import('./dashboards/screens/versions-screen.tsx'),
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
    path: '/accessibility',
    title: 'Accessibility',
    help: [
      'What has been done so that everybody can use this console, what is known not to work, and whom to tell.',
    ],
    load: () => import('./shell/accessibility.tsx'),
  },
]
