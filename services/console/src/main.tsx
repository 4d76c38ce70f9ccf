import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import './design/tokens.css'
import './design/base.css'
import './design/shell.css'
import './design/controls.css'
import './design/parts.css'
import './design/overlay.css'
import { readTheme, setTheme } from './shell/theme.ts'

setTheme(readTheme())

const root = document.getElementById('root')
if (root === null) throw new Error('the page has no root')
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
