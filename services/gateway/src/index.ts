export { type Endpoint, endpoints } from './endpoints.ts'
export { type Gateway, type GatewayOverrides, startGateway } from './server.ts'
