/** Pictures and pages that need nothing but a browser. */
@NullMarked
package org.attention4j.models.report;

import org.jspecify.annotations.NullMarked;
