import icon from '../design/icon.svg'

export function Brand() {
  return (
    <a className="brand" href="/">
      <img src={icon} alt="" />
      <span className="brand-name">Gatehouse</span>
    </a>
  )
}
