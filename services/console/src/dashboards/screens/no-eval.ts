import * as z from 'zod/mini'

// The library that reads dashboards on the server would try to compile functions as soon as it is loaded, which the page's policy
// forbids. This must be imported before it.
z.config({ jitless: true })
