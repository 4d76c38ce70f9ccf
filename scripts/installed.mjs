// Exits 0 when node_modules holds what package-lock.json asks for, going by the record npm leaves there.
// Plain JavaScript: it runs on the system's Node, before Node 24 is installed.
import { readFileSync } from 'node:fs'

const packages = (file) => JSON.parse(readFileSync(file, 'utf8')).packages

function isInstalled() {
  const wanted = Object.entries(packages('package-lock.json'))
  const found = packages('node_modules/.package-lock.json')
  return wanted.every(([path, entry]) => {
    const at = found[path]
    if (path === '') return true
    // Variants for other platforms are in the lock and rightly absent here.
    if (at === undefined) return entry.optional === true
    return at.version === entry.version && at.integrity === entry.integrity && at.link === entry.link
  })
}

try {
  process.exitCode = isInstalled() ? 0 : 1
} catch {
  process.exitCode = 1
}
