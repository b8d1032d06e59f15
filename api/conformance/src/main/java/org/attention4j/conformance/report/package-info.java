/** Reports: text matrix, HTML page, JUnit XML, support table. */
@NullMarked
package org.attention4j.conformance.report;

import org.jspecify.annotations.NullMarked;
