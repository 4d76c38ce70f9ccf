export { createDelivery, type Delivery } from './notices/deliver.ts'
export { type Control, type ControlOverrides, startControl } from './server.ts'
