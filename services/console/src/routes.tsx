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
    path: '/accessibility',
    title: 'Accessibility',
    help: [
      'What has been done so that everybody can use this console, what is known not to work, and whom to tell.',
    ],
    load: () => import('./shell/accessibility.tsx'),
  },
]
