export { createProgram } from './program.ts'
export { type Running, serve } from './commands/serve.ts'
