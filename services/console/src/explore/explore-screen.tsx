import './explore.css'

export { Explorer as default } from './explorer.tsx'
