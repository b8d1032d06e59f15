package org.attention4j.models.jinja;

/** What has a value. */
interface Expression {
  Object value(Run run);
}
