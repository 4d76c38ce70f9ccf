import icon from '../design/icon.svg'

export function Brand() {
  return (
    <a className="brand" href="/">
      <img src={icon} alt="" />
      Gatehouse
    </a>
  )
}
