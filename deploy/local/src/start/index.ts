export { type Demo, startDemo } from './demo.ts'
export { defaultOptions, type StartOptions } from './options.ts'
export { createProgress, type Progress } from './progress.ts'
export { type Ready, readySchema } from './ready-file.ts'
