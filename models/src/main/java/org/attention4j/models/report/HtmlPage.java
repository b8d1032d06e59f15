package org.attention4j.models.report;

import java.nio.file.Path;
import java.util.List;
import org.attention4j.models.store.JsonFile;

/** A page that needs nothing but a browser: styles and pictures are inside. */
public final class HtmlPage {
  private static final String STYLE =
      """
      :root { --ink: #1c2330; --soft: #5b6472; --line: #e3e6eb; --one: #2f6fb0; --two: #c4561b;
        --three: #2d8a57; --four: #8a4fa3; --bad: #b3261e; --paper: #ffffff; --box: #f6f7f9;
        color-scheme: light dark; }
      @media (prefers-color-scheme: dark) { :root { --ink: #e4e7ec; --soft: #a3abb8;
        --line: #39404b; --one: #6ea8e6; --two: #f08a4f; --three: #5cc08a; --four: #c08ad8;
        --bad: #ff8a80; --paper: #14181f; --box: #1e242d; } }
      body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 780px;
        margin: 2rem auto; padding: 0 1rem; }
      h1 { font-size: 1.7rem; margin-bottom: .2rem; }
      h2 { font-size: 1.15rem; margin-top: 2.2rem; }
      p.lead, figcaption { color: var(--soft); }
      table { border-collapse: collapse; width: 100%; font-size: .92rem; }
      th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
      td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
      .pass { color: var(--three); font-weight: 600; } .fail { color: var(--bad); font-weight: 600; }
      pre { background: var(--box); padding: .8rem; overflow-x: auto; white-space: pre-wrap; }
      figure { margin: 1rem 0; } svg { width: 100%; height: auto; }
      .maps { display: grid; grid-template-columns: repeat(2, 1fr); gap: 1rem; }
      .grid { stroke: var(--line); } .tie { stroke: var(--soft); } .tick { font-size: 12px; fill: var(--soft); }
      .token { font-size: 12px; fill: var(--ink); } .name { font-size: 13px; }
      .curve { fill: none; stroke-width: 2; } .cell { fill: var(--one); }
      .curve.first { stroke: var(--one); } .curve.second { stroke: var(--two); }
      .first { fill: var(--one); } .second { fill: var(--two); } .third { fill: var(--three); }
      .fourth { fill: var(--four); } .curve.first, .curve.second { fill: none; }
      .curve.second { stroke-dasharray: 7 4; }
      """;

  private final StringBuilder body = new StringBuilder();
  private final String title;
  private final String language;

  /** A page in a language, such as {@code en}. */
  public HtmlPage(String title, String language) {
    this.title = title;
    this.language = language;
    body.append("<h1>").append(Svg.escape(title)).append("</h1>\n");
  }

  public HtmlPage lead(String text) {
    return raw("<p class=\"lead\">" + Svg.escape(text) + "</p>\n");
  }

  public HtmlPage heading(String text) {
    return raw("<h2>" + Svg.escape(text) + "</h2>\n");
  }

  public HtmlPage paragraph(String text) {
    return raw("<p>" + Svg.escape(text) + "</p>\n");
  }

  /** Text as it is, in a box. */
  public HtmlPage preformatted(String text) {
    return raw("<pre>" + Svg.escape(text) + "</pre>\n");
  }

  /** A picture with its caption. */
  public HtmlPage figure(String svg, String caption) {
    return raw(figureOf(svg, caption));
  }

  private static String figureOf(String svg, String caption) {
    return "<figure>" + svg + "<figcaption>" + Svg.escape(caption) + "</figcaption></figure>\n";
  }

  /** Pictures side by side. */
  public HtmlPage figures(List<String> svgs, List<String> captions) {
    raw("<div class=\"maps\">\n");
    for (int i = 0; i < svgs.size(); i++) {
      raw(figureOf(svgs.get(i), captions.get(i)));
    }
    return raw("</div>\n");
  }

  /** A table; columns after the first are numbers, "pass" and "FAIL" are coloured. */
  public HtmlPage table(List<String> head, List<List<String>> rows) {
    raw("<table>\n<tr>");
    for (int i = 0; i < head.size(); i++) {
      raw((i == 0 ? "<th>" : "<th class=\"n\">") + Svg.escape(head.get(i)) + "</th>");
    }
    raw("</tr>\n");
    for (List<String> row : rows) {
      raw("<tr>");
      for (int i = 0; i < row.size(); i++) {
        String value = row.get(i);
        String style = i == 0 ? "" : "n";
        style += value.equals("pass") ? " pass" : value.equals("FAIL") ? " fail" : "";
        raw("<td class=\"" + style.trim() + "\">" + Svg.escape(value) + "</td>");
      }
      raw("</tr>\n");
    }
    return raw("</table>\n");
  }

  private HtmlPage raw(String html) {
    body.append(html);
    return this;
  }

  /**
   * Writes the file.
   *
   * @throws org.attention4j.error.StorageException if it cannot be written
   */
  public void write(Path file) {
    JsonFile.writeText(
        file,
        "<!doctype html>\n<html lang=\""
            + language
            + "\">\n<head>\n<meta charset=\"utf-8\">\n"
            + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>"
            + Svg.escape(title)
            + "</title>\n<style>\n"
            + STYLE
            + "</style>\n</head>\n<body>\n"
            + body
            + "</body>\n</html>\n");
  }
}
