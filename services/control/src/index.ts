export { type Control, type ControlOverrides, startControl } from './server.ts'
