/**
 * The part of the Jinja 2 template language that chat templates use, with Python's meaning of
 * strings, lists and truth, and with a bound on work and memory: templates come with downloaded
 * models.
 */
@NullMarked
package org.attention4j.models.jinja;

import org.jspecify.annotations.NullMarked;
