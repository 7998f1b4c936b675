import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.base.CharMatcher;
import com.wavefront.api.agent.ValidationConfiguration;
import com.wavefront.common.Clock;
import com.wavefront.data.Validation;
import com.wavefront.dto.Event;
import com.wavefront.dto.SourceTag;
import com.wavefront.ingester.EventDecoder;
import com.wavefront.ingester.HistogramDecoder;
import com.wavefront.ingester.IngesterContext;
import com.wavefront.ingester.ReportPointDecoder;
import com.wavefront.ingester.ReportPointDecoderWrapper;
import com.wavefront.ingester.ReportPointSerializer;
import com.wavefront.ingester.ReportSourceTagDecoder;
import com.wavefront.ingester.ReportableEntityDecoder;
import com.wavefront.ingester.SpanDecoder;
import com.wavefront.ingester.SpanLogsDecoder;
import com.wavefront.ingester.SpanLogsSerializer;
import com.wavefront.ingester.SpanSerializer;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.logging.LogManager;
import wavefront.report.Annotation;
import wavefront.report.ReportEvent;
import wavefront.report.ReportPoint;
import wavefront.report.ReportSourceTag;
import wavefront.report.SourceOperationType;
import wavefront.report.Span;
import wavefront.report.SpanLogs;

/**
 * Gives the real receiver's verdict about each line of stdin: its decoders, validator and serializers, and around them what
 * its listener does.
 *
 * <p>A question is the format (one byte), the listener (one byte: bits 0 and 1 the limits, bit 2 a line by HTTP, bit 3 a port
 * that adds no source), the length in bytes (four) and the line; an answer is the verdict (one byte), the number of the reject
 * code (two, 0 for none) and the line that would be sent on (length in bytes, -1 for none, and text).
 */
public final class Judge {
  private static final int ACCEPT = 0;
  private static final int REJECT = 1;
  private static final int DISCARD = 2;
  private static final int IGNORE = 3;
  private static final int ERROR = 4;

  private static final long DAY = 24 * 3_600_000L;
  private static final long YEAR = 8760 * 3_600_000L;

  private final long now;
  private final String remoteHost;
  /** What a proxy enforces by itself, what the documents say of a tenant, and the stricter of both. */
  private final ValidationConfiguration[] limits = {
    new ValidationConfiguration(), tenant(50), tenant(20),
  };
  /** Only the service counts centroids. */
  private final IngesterContext centroids =
      new IngesterContext.Builder().throwIfTooManyHistogramCentroids(100).build();
  private final ObjectMapper json = new ObjectMapper();
  private final ReportableEntityDecoder<String, ReportPoint> metrics =
      new ReportPointDecoder(() -> "unknown", List.of("fqdn"));
  private final ReportableEntityDecoder<String, ReportPoint> histograms =
      new ReportPointDecoderWrapper(new HistogramDecoder("unknown"));
  private final ReportableEntityDecoder<String, Span> spans = new SpanDecoder("unknown");
  private final SpanLogsDecoder spanLogs = new SpanLogsDecoder();
  private final EventDecoder events = new EventDecoder();
  private final ReportSourceTagDecoder sourceTags = new ReportSourceTagDecoder();
  private final SpanSerializer spanText = new SpanSerializer();
  private final SpanLogsSerializer spanLogsText = new SpanLogsSerializer();

  private Judge(long now, String remoteHost) {
    this.now = now;
    this.remoteHost = remoteHost;
  }

  private static ValidationConfiguration tenant(int spanTags) {
    return new ValidationConfiguration()
        .setMetricLengthLimit(256)
        .setHistogramLengthLimit(256)
        .setHostLengthLimit(128)
        .setAnnotationsCountLimit(20)
        .setAnnotationsKeyLengthLimit(64)
        .setAnnotationsValueLengthLimit(255)
        .setSpanLengthLimit(128)
        .setSpanAnnotationsCountLimit(spanTags)
        .setSpanAnnotationsKeyLengthLimit(128)
        .setSpanAnnotationsValueLengthLimit(128);
  }

  public static void main(String[] args) throws IOException {
    LogManager.getLogManager().reset();
    Judge judge = new Judge(Long.parseLong(args[0]), args[1]);
    DataInputStream in = new DataInputStream(new BufferedInputStream(System.in, 1 << 20));
    DataOutputStream out = new DataOutputStream(new BufferedOutputStream(System.out, 1 << 20));
    while (true) {
      int format;
      try {
        format = in.readUnsignedByte();
      } catch (EOFException end) {
        break;
      }
      int listener = in.readUnsignedByte();
      byte[] line = new byte[in.readInt()];
      in.readFully(line);
      Answer answer = judge.judge(format, listener, new String(line, "UTF-8"));
      out.writeByte(answer.verdict);
      out.writeShort(answer.code);
      if (answer.canonical == null) {
        out.writeInt(-1);
      } else {
        byte[] text = answer.canonical.getBytes("UTF-8");
        out.writeInt(text.length);
        out.write(text);
      }
      if (in.available() == 0) {
        out.flush();
      }
    }
    out.flush();
  }

  private record Answer(int verdict, int code, String canonical) {
    static Answer accept(String canonical) {
      return new Answer(ACCEPT, 0, canonical);
    }

    /** What the validator throws names its code; what else escapes is logged under 500. */
    static Answer of(RuntimeException thrown) {
      String text = thrown.getMessage();
      int at = text == null ? -1 : text.indexOf("WF-");
      if (at < 0 || !(thrown instanceof IllegalArgumentException)) {
        return new Answer(ERROR, 500, null);
      }
      int code = Integer.parseInt(text.substring(at + 3, at + 6));
      return new Answer(code == 404 ? DISCARD : REJECT, code, null);
    }
  }

  private static final Answer UNDECODED = new Answer(REJECT, 300, null);

  private Answer judge(int format, int listener, String sent) {
    // Only an offset to the real time, which goes on.
    Clock.set(now);
    boolean http = (listener & 4) != 0;
    String line = http ? CharMatcher.whitespace().trimFrom(sent) : sent.trim();
    boolean annotate = (listener & 8) == 0;
    int limits = listener & 3;
    if (line.isEmpty()) {
      return new Answer(IGNORE, 0, null);
    }
    switch (format) {
      case 'w':
        return point(metrics, annotate ? annotated(line) : line, limits);
      case 'h':
        return point(histograms, annotate ? annotated(line) : line, limits);
      case 't':
        return span(annotate ? annotated(line) : line, limits);
      case 's':
        return spanLogs(line);
      default:
        break;
    }
    if (line.startsWith("@SourceTag") || line.startsWith("@SourceDescription")) {
      return sourceTag(line);
    } else if (line.startsWith("@Event")) {
      return event(line);
    } else if (line.startsWith("{") && line.endsWith("}")) {
      return spanLogs(line);
    } else if (line.startsWith("!M ") || line.startsWith("!H ") || line.startsWith("!D ")) {
      return point(histograms, annotate ? annotated(line) : line, limits);
    } else if (line.startsWith("[") && line.endsWith("]")) {
      return new Answer(ERROR, 500, null);
    }
    return point(metrics, annotate ? annotated(line) : line, limits);
  }

  private String annotated(String line) {
    for (String mark : new String[] {"source=", "host=", "\"source\"=", "\"host\"=", "fqdn="}) {
      int after = line.indexOf(mark) + mark.length();
      if (after >= mark.length() && after < line.length() && line.charAt(after) > ' ') {
        return line;
      }
    }
    return line + " source=\"" + remoteHost + "\"";
  }

  private Answer point(
      ReportableEntityDecoder<String, ReportPoint> decoder, String line, int limits) {
    List<ReportPoint> points = new ArrayList<>();
    try {
      decoder.decode(line, points, "dummy", limits == 0 ? null : centroids);
    } catch (Exception thrown) {
      return UNDECODED;
    }
    ReportPoint point = points.get(0);
    if (point.getTimestamp() <= now - YEAR || point.getTimestamp() >= now + DAY) {
      return new Answer(REJECT, 402, null);
    }
    try {
      Validation.validatePoint(point, this.limits[limits]);
      return Answer.accept(ReportPointSerializer.pointToString(point));
    } catch (RuntimeException thrown) {
      return Answer.of(thrown);
    }
  }

  private Answer span(String line, int limits) {
    List<Span> decoded = new ArrayList<>();
    try {
      spans.decode(line, decoded, "dummy");
    } catch (Exception thrown) {
      return UNDECODED;
    }
    Span span = decoded.get(0);
    if (!passesSampler(span)) {
      return new Answer(ERROR, 500, null);
    }
    span.setName(span.getName().replace('*', '-'));
    if (span.getStartMillis() > now + DAY) {
      return new Answer(REJECT, 402, null);
    }
    try {
      Validation.validateSpan(span, this.limits[limits], logs -> {});
      return Answer.accept(spanText.apply(span).trim());
    } catch (RuntimeException thrown) {
      return Answer.of(thrown);
    }
  }

  /** The sampler hashes the id of every span that is not for debugging, and fails on one that is no UUID. */
  private static boolean passesSampler(Span span) {
    for (Annotation annotation : span.getAnnotations()) {
      if (annotation.getKey().equals("debug") && annotation.getValue().equals("true")) {
        return true;
      }
    }
    try {
      UUID.fromString(span.getTraceId());
      return true;
    } catch (RuntimeException thrown) {
      return false;
    }
  }

  private Answer spanLogs(String line) {
    SpanLogs logs;
    try {
      JsonNode node = json.readTree(line);
      List<SpanLogs> decoded = new ArrayList<>();
      spanLogs.decode(node, decoded, "dummy");
      logs = decoded.get(0);
    } catch (Exception thrown) {
      return UNDECODED;
    }
    if (logs.getSpan() != null) {
      List<Span> decoded = new ArrayList<>();
      try {
        spans.decode(logs.getSpan(), decoded, "dummy");
      } catch (Exception thrown) {
        return UNDECODED;
      }
      if (!passesSampler(decoded.get(0))) {
        return new Answer(ERROR, 500, null);
      }
    }
    String text = spanLogsText.apply(logs);
    return text == null ? new Answer(DISCARD, 0, null) : Answer.accept(text);
  }

  private Answer event(String line) {
    List<ReportEvent> decoded = new ArrayList<>();
    try {
      events.decode(line, decoded, "dummy");
    } catch (Exception thrown) {
      return UNDECODED;
    }
    ReportEvent event = decoded.get(0);
    try {
      if (event.getAnnotations() != null) {
        for (String key : event.getAnnotations().keySet()) {
          if (!Validation.charactersAreValid(key)) {
            return new Answer(REJECT, 401, null);
          }
        }
      }
      return Answer.accept(new Event(event).toString());
    } catch (RuntimeException thrown) {
      return Answer.of(thrown);
    }
  }

  private Answer sourceTag(String line) {
    List<ReportSourceTag> decoded = new ArrayList<>();
    try {
      sourceTags.decode(line, decoded, "dummy");
    } catch (Exception thrown) {
      return UNDECODED;
    }
    StringBuilder canonical = new StringBuilder();
    try {
      for (ReportSourceTag tag : decoded) {
        if (tag.getOperation() == SourceOperationType.SOURCE_TAG) {
          for (String text : tag.getAnnotations()) {
            if (!Validation.charactersAreValid(text)) {
              return new Answer(REJECT, 401, null);
            }
          }
        }
        canonical.append(canonical.length() == 0 ? "" : "\n").append(new SourceTag(tag));
      }
    } catch (RuntimeException thrown) {
      return Answer.of(thrown);
    }
    return Answer.accept(canonical.toString());
  }
}
