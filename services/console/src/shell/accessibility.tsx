/** The accessibility statement; docs/accessibility.md says the same at more length. */
export default function AccessibilityScreen() {
  return (
    <article className="narrow stack">
      <h1>Accessibility</h1>
      <p>
        This console is meant to be used by everybody: with a keyboard alone, with a screen reader, enlarged
        to 400 %, in high contrast, and without seeing colours. It aims at WCAG 2.2, level AA.
      </p>
      <section className="stack-tight">
        <h2>How it works for you</h2>
        <ul>
          <li>
            Everything can be reached and done with the keyboard; Help, at the top of each page, lists the
            keys.
          </li>
          <li>
            Every chart has a summary in words and a table of its values. What a mark or a colour says is also
            said in words.
          </li>
          <li>Times are in your own time zone, with UTC beside them.</li>
          <li>
            A session that is about to end says so three minutes before and can be extended; one that has
            ended loses nothing you typed.
          </li>
          <li>What reads itself again can be paused. Motion follows the setting of your system.</li>
          <li>Light, dark or your system’s colours: in the menu with your name.</li>
        </ul>
      </section>
      <section className="stack-tight">
        <h2>How it was tested</h2>
        <p>
          Every screen is checked by axe-core in light and dark, in a real browser, with each change to the
          console; journeys are run with the keyboard alone, and pages at 320 pixels. It has not yet been
          tested by people who use a screen reader every day, nor audited by somebody independent.
        </p>
      </section>
      <section className="stack-tight">
        <h2>What does not work yet</h2>
        <ul>
          <li>
            Dragging over a chart has no equivalent on the chart itself; enter the times in the range picker
            instead.
          </li>
          <li>
            Names of metrics, labels and dashboards are shown as your teams wrote them, in whatever language.
          </li>
        </ul>
      </section>
      <section className="stack-tight">
        <h2>If something is in your way</h2>
        <p>
          Tell the people who run Gatehouse for you, or an admin of your org: which page, what you tried, and
          what you use. They can tell the project.
        </p>
      </section>
    </article>
  )
}
