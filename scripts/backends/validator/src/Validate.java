import java.nio.file.Files;
import java.nio.file.Path;
import org.mustangproject.validator.ZUGFeRDValidator;

/** Writes a report beside each document that it is given. */
public class Validate {
    public static void main(String[] documents) throws Exception {
        for (String document : documents) {
            Files.writeString(Path.of(document + ".report.xml"), new ZUGFeRDValidator().validate(document));
        }
    }
}
