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
    help: [
      'Write PromQL and run it at one time (Table) or over a range (Graph). Suggestions come from what you may see, nothing else.',
      'Gatehouse adds matchers to every selector before a shard reads it. “Enforced query” shows the query as written beside what was asked, with the grant behind each matcher; “Plan” shows which shards evaluate what.',
      'The address holds the query, its range and the view, so a copied link shows the same to whoever may run it.',
    ],
    load: () => import('./explore/explore-screen.tsx'),
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
