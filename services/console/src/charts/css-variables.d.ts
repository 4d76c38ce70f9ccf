import 'react'

declare module 'react' {
  // Custom properties are set through the style object, never through an attribute: the content security policy allows no inline styles.
  interface CSSProperties {
    [property: `--${string}`]: string | number | undefined
  }
}
